//! A schema registry between the server and Python: each asks it alone what the other means.

use ingesta_kafka::avro::AvroSchema;
use ingesta_kafka::schema::{RegistryError, RegistryOptions, SchemaRegistry, value_subject};
use ingesta_server::mensajes::Esquema;
use ingesta_testing::services::Registry;
use serde_json::{Value, json};

use super::super::stage::sobre;
use super::Cliente;
use super::temas::{hasta, la_de, leida, publicado};
use crate::kafka::operador::{Desk, desk, topics_ready};
use crate::test_app::cuerpo;

/// What became of each schema, and its number.
fn empujar(desk: &Desk, registry: &Registry) -> Vec<(String, u64)> {
    let prefix = &desk.stage.prefix;
    let push = [
        "schemas",
        "push",
        "--json",
        "--registry",
        registry.url(),
        "--prefix",
        prefix,
    ];
    let lines = desk.run(&push).expect(0).json();
    let one = |line: &Value| {
        let outcome = line["event"].as_str().expect("a word").to_owned();
        (outcome, line["id"].as_u64().expect("a number"))
    };
    lines.iter().map(one).collect()
}

/// The number of a topic's schema.
fn numero(pushed: &[(String, u64)], esquema: Esquema) -> u32 {
    let place = Esquema::TODOS.iter().position(|one| *one == esquema);
    let (_, id) = pushed[place.expect("it is pushed")];
    u32::try_from(id).expect("numbers have four bytes")
}

/// The registry's own judgement: what breaks readers is taken neither on trial nor in earnest.
async fn nothing_breaks(registry: &Registry, subject: &str) {
    let registry = SchemaRegistry::new(RegistryOptions::new(registry.url()));
    let registry = registry.expect("an address");
    let mut text: Value =
        serde_json::from_str(Esquema::EventosIngesta.avro().text()).expect("a schema is JSON");
    text["fields"][0]["type"] = json!("long");
    let breaking = AvroSchema::parse(&text.to_string()).expect("it is sound");
    let judged = registry.check(subject, &breaking).await;
    assert!(
        matches!(judged, Err(RegistryError::Incompatible { .. })),
        "{judged:?}"
    );
    let taken = registry.register(subject, &breaking).await;
    assert!(
        matches!(taken, Err(RegistryError::Incompatible { .. })),
        "{taken:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn b_70_with_a_real_registry_python_and_the_server_read_each_other_by_numbers() {
    let Some(desk) = desk().await else {
        return;
    };
    let Some(registry) = Registry::start_or_skip().await.expect("a registry") else {
        return;
    };
    let Some(cliente) = Cliente::of(&desk.stage, Some(registry.url())).await else {
        return;
    };
    let pushed = empujar(&desk, &registry);
    assert_eq!(pushed.len(), Esquema::TODOS.len());
    assert!(pushed.iter().all(|(outcome, _)| outcome == "registered"));
    let again = empujar(&desk, &registry);
    assert!(again.iter().all(|(outcome, _)| outcome == "there"));
    assert!(again.iter().zip(&pushed).all(|(now, then)| now.1 == then.1));
    let topic = desk.stage.topic(Esquema::EventosIngesta);
    nothing_breaks(&registry, &value_subject(&topic)).await;

    let server = desk.serve_with(&[("INGESTA_KAFKA_SCHEMA_REGISTRY", registry.url())]);
    topics_ready(&server).await;
    let wish = cuerpo();
    let crear = Esquema::ComandoCrearIngesta;
    cliente.ordenar(crear, "numerado", "una", &wish).await;
    let created = la_de(&server, &wish).await;
    let data = json!({"id_ingesta": created});
    let revertir = Esquema::ComandoRevertirIngesta;
    cliente.ordenar(revertir, "numerado", &created, &data).await;
    hasta(&server, &leida(&created), "Fallida").await;
    publicado(&desk, &server).await;

    for (esquema, types) in [
        (
            Esquema::EventosIngesta,
            &["IngestaCreada", "IngestaRevertida"][..],
        ),
        (Esquema::ComandoCrearIngesta, &["Comando"]),
    ] {
        let told = cliente.leer(&[desk.stage.topic(esquema)]).await;
        let begins: Vec<u8> = [0]
            .into_iter()
            .chain(numero(&pushed, esquema).to_be_bytes())
            .collect();
        assert!(told.iter().all(|one| one.begins == begins), "{told:?}");
        let found: Vec<_> = told.iter().map(|one| one.value["type"].clone()).collect();
        assert_eq!(found, types);
        let provider = &told[0].value["data"]["id_proveedor"];
        assert_eq!(provider, &wish["id_proveedor"]);
    }
    // A number that the registry never gave, and none at all: put aside, and the next one goes on.
    let own = [&[0, 0, 15, 66, 63][..], &sobre(crear, "x", &wish)].concat();
    desk.stage.escribir(crear, "numerado", Some(own)).await;
    let none = sobre(crear, "y", &wish);
    desk.stage.escribir(crear, "numerado", Some(none)).await;
    assert_eq!(
        desk.stage.codigos(crear, 2).await,
        ["not-framed", "unknown-schema"]
    );
    let next = cuerpo();
    cliente.ordenar(crear, "numerado-2", "otra", &next).await;
    la_de(&server, &next).await;
    assert_eq!(server.terminate(), Some(0));
}
