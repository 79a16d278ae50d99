//! `Idempotency-Key`: what counts as a key, and what is refused.
//!
//! Promises: quoted and bare texts are compared; the refused value is looked for in the answer.

use axum::Router;
use axum::routing;
use ingesta_http::IdempotencyKey;

use crate::asking::{ask, get};

async fn optional(key: Option<IdempotencyKey>) -> String {
    key.map_or_else(|| "none".to_owned(), |key| format!("key {}", key.as_str()))
}

async fn required(key: IdempotencyKey) -> String {
    key.as_str().to_owned()
}

fn app() -> Router {
    Router::new()
        .route("/optional", routing::get(optional))
        .route("/required", routing::get(required))
}

#[tokio::test]
async fn a_key_is_quoted_or_bare() {
    let longest = "k".repeat(255);
    let quoted_longest = format!("\"{longest}\"");
    let table = [
        (
            "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"",
            "8e03978e-40d5-43dd-bc93-6894a57f9324",
        ),
        (
            "8e03978e-40d5-43dd-bc93-6894a57f9324",
            "8e03978e-40d5-43dd-bc93-6894a57f9324",
        ),
        ("  k  ", "k"),
        ("\"a b, c\"", "a b, c"),
        (r#""a\"b\\c""#, r#"a"b\c"#),
        ("a;b=c/d:e~", "a;b=c/d:e~"),
        (&longest, &longest),
        (&quoted_longest, &longest),
    ];
    for (header, key) in table {
        let answer = ask(app(), get("/optional", &[("idempotency-key", header)])).await;
        assert_eq!(answer.text, format!("key {key}"), "{header}");
    }
    assert_eq!(ask(app(), get("/optional", &[])).await.text, "none");
}

#[tokio::test]
async fn a_malformed_key_is_refused_and_not_repeated() {
    let long = "SECRETO".repeat(40);
    let quoted_long = format!("\"{long}\"");
    let table = [
        "",
        "\"\"",
        "\"SECRETO",
        "SECRETO\"",
        "SECRETO,b",
        "a SECRETO",
        "a\tSECRETO",
        "\"SECRETO\";p=1",
        "\"SECRETO\", \"b\"",
        r#""SECRETO\n""#,
        r#""SECRETO\"#,
        "\"a\tSECRETO\"",
        "SECRETO\u{f1}",
        "\"SECRETO\u{f1}\"",
        &long,
        &quoted_long,
    ];
    for header in table {
        for route in ["/optional", "/required"] {
            let answer = ask(app(), get(route, &[("idempotency-key", header)])).await;
            answer.problem(400, "idempotency_key_malformado");
            assert!(!answer.text.contains("SECRETO"), "{header}");
        }
    }
}

#[tokio::test]
async fn a_repeated_key_is_refused_even_if_it_is_the_same() {
    let headers = [("idempotency-key", "k"), ("idempotency-key", "k")];
    ask(app(), get("/optional", &headers))
        .await
        .problem(400, "idempotency_key_malformado");
}

#[tokio::test]
async fn a_required_key_must_be_there() {
    ask(app(), get("/required", &[]))
        .await
        .problem(400, "idempotency_key_ausente");
    assert_eq!(
        ask(app(), get("/required", &[("idempotency-key", "k")]))
            .await
            .text,
        "k"
    );
}

#[test]
fn debug_does_not_show_the_key() {
    let key = IdempotencyKey::parse("SECRETO").unwrap();
    assert!(!format!("{key:?}").contains("SECRETO"));
}
