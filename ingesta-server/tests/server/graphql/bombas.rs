//! Queries that cost more than they may are refused before anything is read.

use serde_json::{Value, json};

use super::preguntar;
use crate::test_app::TestApp;

#[tokio::test]
async fn a_query_that_is_too_deep_too_broad_or_too_dear_is_refused_unread() {
    let app = TestApp::start().await;
    app.ingesta().await;
    app.drain().await;
    let aliases = |count: usize| {
        let each = (0..count).map(|n| format!("a{n}: ingestas(limite: 500) {{ idIngesta }}"));
        format!("{{ {} }}", each.collect::<Vec<_>>().join(" "))
    };
    let fine = preguntar(&app, &aliases(3), Value::Null).await;
    assert!(fine["errors"].is_null(), "{fine}");
    let deep = "{ __schema { types { fields { type { ofType { ofType { ofType { ofType { ofType {
                ofType { ofType { name } } } } } } } } } } } }";
    let directives = format!(
        "{{ ingestas {} {{ idIngesta }} }}",
        "@include(if: true) ".repeat(30)
    );
    let cycle = "{ ...a } fragment a on Consultas { ...b } fragment b on Consultas { ...a }";
    let bombs = [
        aliases(40),
        deep.to_owned(),
        directives,
        cycle.to_owned(),
        format!("{{ ingestas {}", "{".repeat(5_000)),
        "{ ingestas(limite: 4000000) { idIngesta } }".to_owned(),
        "{ ingestas(limite: 0) { idIngesta } }".to_owned(),
    ];
    for bomb in &bombs {
        let answer = preguntar(&app, bomb, Value::Null).await;
        assert!(
            answer["errors"][0]["message"].is_string(),
            "{bomb}: {answer}"
        );
        assert!(answer["data"].is_null(), "{bomb}: {answer}");
    }
    for body in [json!([]), json!({"query": 7}), json!({}), json!("x")] {
        let answer = app.post("/bff/v1", &body).await;
        assert!((400..500).contains(&answer.status) || answer.json()["errors"].is_array());
        assert!(answer.status < 500, "{}", answer.text);
    }
    app.app.stop().await;
}
