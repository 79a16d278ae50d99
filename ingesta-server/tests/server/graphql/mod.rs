//! GraphQL: the first systems' operations, with ids; the same eyes as the other doors; bounded.

mod bombas;
mod canal;
mod operaciones;

use serde_json::{Value, json};

use crate::test_app::TestApp;

/// What a query is answered.
async fn preguntar(app: &TestApp, query: &str, variables: Value) -> Value {
    let body = json!({"query": query, "variables": variables});
    app.post("/bff/v1", &body).await.ok(200).json()
}

/// The code of the first error.
#[track_caller]
fn codigo(answer: &Value) -> &str {
    let code = &answer["errors"][0]["extensions"]["code"];
    code.as_str().unwrap_or_else(|| panic!("{answer}"))
}
