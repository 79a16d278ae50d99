//! The description of the HTTP interface: committed, served, and the same as the routes.

use serde_json::Value;

use crate::test_app::TestApp;

#[test]
fn the_committed_openapi_document_is_the_routes_own() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let mut made = ingesta_server::openapi().to_pretty_json().expect("JSON");
    made.push('\n');
    if std::env::var_os("INGESTA_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(path, &made).expect("written");
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == made,
        "openapi.json differs: run this test with INGESTA_BLESS=1"
    );
    let document: Value = serde_json::from_str(&made).expect("JSON");
    for path in [
        "/ingesta/crear-ingesta-comando",
        "/ingesta/{id}/eliminar",
        "/readyz",
    ] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
}

#[tokio::test]
async fn the_document_is_served() {
    let app = TestApp::start().await;
    let made = serde_json::to_value(ingesta_server::openapi()).expect("JSON");
    for path in ["/ingesta/spec", "/spec"] {
        assert_eq!(app.get(path).await.ok(200).json(), made);
    }
}
