//! The registry's client against a registry that answers as the real one does.

use std::time::Duration;

use ingesta_kafka::avro::{AvroSchema, SchemaId};
use ingesta_kafka::schema::{RegistryError, RegistryOptions, SchemaRegistry, value_subject};
use serde_json::json;
use tokio::net::TcpListener;

use super::registry_stub::Stub;
use super::samples::{comando, said};

const TOPIC: &str = "comando-crear-ingesta";

fn incompatible() -> AvroSchema {
    let text = comando()
        .text()
        .replace(r#"["null", "long"]"#, r#"["null", "string"]"#);
    AvroSchema::parse(&text).expect("it works")
}

#[tokio::test]
async fn a_schema_is_registered_once_and_found_again() {
    let stub = Stub::start().await;
    let (registry, subject) = (stub.client(), value_subject(TOPIC));
    let missing = registry.id_of(&subject, &comando()).await.unwrap_err();
    assert!(
        matches!(missing, RegistryError::NotRegistered { .. }),
        "{missing}"
    );
    assert!(missing.to_string().ends_with("run `ingesta schemas push`"));
    let id = registry.register(&subject, &comando()).await.unwrap();
    assert_eq!(registry.register(&subject, &comando()).await.unwrap(), id);
    assert_eq!(registry.id_of(&subject, &comando()).await.unwrap(), id);
    assert_eq!(registry.schema(id).await.unwrap(), comando());
    assert_eq!(
        stub.held().subjects.keys().collect::<Vec<_>>(),
        ["comando-crear-ingesta-value"]
    );
    registry.require_full_transitive(&subject).await.unwrap();
    assert_eq!(stub.held().rules[&subject], "FULL_TRANSITIVE");
}

#[tokio::test]
async fn b_12_a_schema_is_asked_for_once_whoever_asks() {
    let stub = Stub::start().await;
    let registry = stub.client();
    let id = registry.register("a-value", &comando()).await.unwrap();
    stub.held().asked.clear();
    let clone = registry.clone();
    for registry in [&registry, &clone, &registry] {
        registry.schema(id).await.unwrap();
    }
    assert_eq!(stub.held().asked, ["GET /schemas/ids/1"]);
}

#[tokio::test]
async fn a_schema_that_breaks_the_subject_is_refused_with_the_registrys_words() {
    let stub = Stub::start().await;
    let registry = stub.client();
    registry
        .check("a-value", &comando())
        .await
        .expect("a new subject has nothing to break");
    registry.register("a-value", &comando()).await.unwrap();
    registry.check("a-value", &comando()).await.unwrap();
    let judged = registry
        .check("a-value", &incompatible())
        .await
        .unwrap_err();
    assert_eq!(
        judged.to_string(),
        "the registry refuses the schema for a-value: READER_FIELD_MISSING_DEFAULT_VALUE, \
         location:/fields/7"
    );
    let refused = registry
        .register("a-value", &incompatible())
        .await
        .unwrap_err();
    assert!(
        matches!(refused, RegistryError::Incompatible { .. }),
        "{refused}"
    );
    assert!(
        refused
            .to_string()
            .contains("incompatible with an earlier schema"),
        "{refused}"
    );
    assert!(!refused.is_transient());
    assert_eq!(
        stub.held().schemas.len(),
        1,
        "what was refused is not there"
    );
}

#[tokio::test]
async fn a_number_that_is_not_there_is_told_from_one_that_is_not_known() {
    let stub = Stub::start().await;
    let registry = stub.client();
    let unknown = registry.schema(SchemaId(7)).await.unwrap_err();
    assert!(
        matches!(unknown, RegistryError::UnknownSchema { id: SchemaId(7) }),
        "{unknown}"
    );
    assert!(!unknown.is_transient());
    stub.held().broken = Some(503);
    let broken = registry.schema(SchemaId(7)).await.unwrap_err();
    assert_eq!(
        broken.to_string(),
        "the registry answered 503 (code 50001) while asking for a schema: Error in the backend \
         data store"
    );
    assert!(broken.is_transient());
    stub.held().broken = Some(301);
    let moved = registry.schema(SchemaId(7)).await.unwrap_err();
    assert!(
        matches!(moved, RegistryError::Refused { status: 301, .. }),
        "{moved}"
    );
}

#[tokio::test]
async fn a_page_that_is_not_there_is_not_a_schema_that_is_not_there() {
    let stub = Stub::start().await;
    let registry = stub.client();
    stub.held().elsewhere = true;
    let schema = registry.schema(SchemaId(7)).await.unwrap_err();
    let number = registry.id_of("s", &incompatible()).await.unwrap_err();
    // Nothing was judged, so nothing is in order.
    let judged = registry.check("s", &incompatible()).await.unwrap_err();
    for error in [schema, number, judged] {
        assert!(
            matches!(error, RegistryError::Refused { status: 404, .. }),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_schema_of_another_kind_is_of_no_use() {
    let stub = Stub::start().await;
    let registry = stub.client();
    let text = comando().text().to_owned();
    let others = [
        json!({ "schema": "{}", "schemaType": "JSON" }),
        json!({ "schema": text, "references": [{ "name": "a", "subject": "b", "version": 1 }] }),
        json!({ "schema": "no schema at all" }),
    ];
    stub.held().schemas = others.to_vec();
    for id in 1..=3 {
        let unusable = registry.schema(SchemaId(id)).await.unwrap_err();
        assert!(
            matches!(unusable, RegistryError::UnusableSchema { .. }),
            "{unusable}"
        );
        assert!(!unusable.is_transient());
    }
}

#[tokio::test]
async fn a_login_that_is_refused_is_told_and_not_shown() {
    let stub = Stub::start().await;
    let options = RegistryOptions::new(&stub.url).with_basic_auth("reader", "equivocado");
    let registry = SchemaRegistry::new(options.clone()).unwrap();
    let refused = registry.schema(SchemaId(1)).await.unwrap_err();
    assert!(
        matches!(refused, RegistryError::Refused { status: 401, .. }),
        "{refused}"
    );
    let printed = format!("{} {options:?} {registry:?}", said(&refused));
    assert!(
        !printed.contains("equivocado") && !printed.contains("127.0.0.1"),
        "{printed}"
    );
}

#[tokio::test]
async fn a_registry_that_does_not_answer_is_given_up_in_time() {
    // Connections are taken by the system and answered by nobody.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let options = RegistryOptions::new(&url).with_timeout(Duration::from_millis(100));
    let registry = SchemaRegistry::new(options).unwrap();
    let error = registry.schema(SchemaId(1)).await.unwrap_err();
    assert!(
        matches!(error, RegistryError::Unreachable { .. }),
        "{error}"
    );
    assert!(error.is_transient());
    assert!(!said(&error).contains(&url), "{}", said(&error));
    drop(silent);
    let error = registry.schema(SchemaId(1)).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
}

#[tokio::test]
async fn a_subject_is_one_part_of_a_path_whatever_it_is_called() {
    let stub = Stub::start().await;
    let registry = stub.client();
    registry.register("a/b ?c", &comando()).await.unwrap();
    assert_eq!(stub.held().asked, ["POST /subjects/a%2Fb%20%3Fc/versions"]);
    assert!(stub.held().subjects.contains_key("a/b ?c"));
}

#[test]
fn addresses_that_cannot_work_are_refused_at_once() {
    for (url, what) in [
        ("registry", "is not a URL"),
        ("ftp://registry", "is neither http nor https"),
        (
            "http://u:p@registry",
            "holds a login: give user and password apart from it",
        ),
    ] {
        let error = SchemaRegistry::new(RegistryOptions::new(url)).unwrap_err();
        assert_eq!(error.to_string(), format!("the registry's address {what}"));
    }
    let tls = SchemaRegistry::new(RegistryOptions::new("https://registry"));
    assert_eq!(tls.is_ok(), cfg!(feature = "tls"));
}
