//! The AsyncAPI document: committed, and the same as the routing table and the schemas.

use ingesta_server::mensajes::{Esquema, Rutas, asyncapi};

#[test]
fn the_committed_asyncapi_document_is_the_tables_own() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/asyncapi.json");
    let document = asyncapi(&Rutas::default().por_tipo().con_saga());
    let mut made = serde_json::to_string_pretty(&document).expect("JSON");
    made.push('\n');
    if std::env::var_os("INGESTA_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(path, &made).expect("written");
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == made,
        "asyncapi.json differs: run this test with INGESTA_BLESS=1"
    );
}

#[test]
fn every_schema_has_a_channel_and_every_reference_leads_somewhere() {
    let document = asyncapi(&Rutas::default().por_tipo().con_saga());
    for schema in Esquema::TODOS {
        let channel = &document["channels"][schema.topic()];
        assert_eq!(channel["address"], schema.topic());
        assert!(
            channel["messages"]
                .as_object()
                .is_some_and(|all| !all.is_empty())
        );
    }
    let (text, mut seen) = (document.to_string(), 0);
    for part in text.split("\"$ref\":\"#").skip(1) {
        let pointer = part.split('"').next().expect("a pointer");
        assert!(
            document.pointer(pointer).is_some(),
            "{pointer} leads nowhere"
        );
        seen += 1;
    }
    assert!(seen > 40, "the walk over the document is broken: {seen}");
}
