//! Ids in routes, query parameters, unknown routes, wrong methods and panicking handlers.
//!
//! Promises: no refusal repeats the address, but for an unknown parameter's name that is a plain word.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::{middleware, routing};
use ingesta_http::{
    NoQueryParams, PathId, QueryParams, method_not_allowed, panic_to_problem, route_not_found,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::asking::{ask, get};

#[derive(Deserialize)]
struct Page {
    list: String,
    limit: Option<u8>,
}

async fn page(QueryParams(page): QueryParams<Page>) -> String {
    format!("{} {:?}", page.list, page.limit)
}

async fn panics() -> &'static str {
    panic!("SECRETO in a panic")
}

fn app() -> Router {
    let id = |PathId(id): PathId<u8>| async move { id.to_string() };
    Router::new()
        .route("/things/{id}", routing::get(id).delete(id))
        .route("/two/{a}/{b}", routing::get(id))
        .route("/list", routing::get(page))
        .route("/bare", routing::get(async |_: NoQueryParams| "bare"))
        .route("/panics/{id}", routing::get(panics))
        .fallback(route_not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(panic_to_problem))
}

#[tokio::test]
async fn an_id_is_parsed_or_refused() {
    assert_eq!(ask(app(), get("/things/7", &[])).await.text, "7");
    assert_eq!(ask(app(), get("/things/%37", &[])).await.text, "7");
    for id in ["SECRETO", "256", "-1", "7%20", "%FF", "7%2F8"] {
        let answer = ask(app(), get(&format!("/things/{id}"), &[])).await;
        answer.problem(400, "id_malformado");
        assert!(!answer.text.contains("SECRETO"));
    }
    ask(app(), get("/two/1/2", &[]))
        .await
        .problem(500, "error_interno");
}

#[tokio::test]
async fn query_parameters_are_read_or_refused() {
    assert_eq!(
        ask(app(), get("/list?list=a%20b&limit=3", &[])).await.text,
        "a b Some(3)"
    );
    let table = [
        ("/list", json!("list")),
        ("/list?limit=3", json!("list")),
        ("/list?list=a&limit=SECRETO", json!("limit")),
        ("/list?list=a&limit=4711", json!("limit")),
        ("/list?list=SECRETO&list=b", Value::Null),
        ("/list?limit=missing+field+%60SECRETO%60", json!("limit")),
    ];
    for (uri, field) in table {
        let answer = ask(app(), get(uri, &[])).await;
        let problem = answer.problem(400, "parametros_invalidos");
        assert_eq!(problem["campo"], field, "{uri}: {problem}");
        assert!(
            !answer.text.contains("SECRETO") && !answer.text.contains("4711"),
            "{problem}"
        );
    }
}

#[tokio::test]
async fn a_parameter_that_the_route_does_not_have_is_refused_with_those_that_it_has() {
    let (both, none) = (json!(["list", "limit"]), json!([]));
    let table = [
        ("/list?list=a&List=b", json!("List"), &both),
        ("/list?List=a", json!("List"), &both),
        ("/list?list=a&limit=3&x=y", json!("x"), &both),
        ("/list?list=a&4711=1", Value::Null, &both),
        ("/list?list=a&SECRETO%40example.org=1", Value::Null, &both),
        ("/list?list=a&=SECRETO", Value::Null, &both),
        ("/list?list=a&%FF4711", Value::Null, &both),
        ("/bare?if-match=4711", json!("if-match"), &none),
    ];
    for (uri, field, known) in table {
        let answer = ask(app(), get(uri, &[])).await;
        let problem = answer.problem(400, "parametro_desconocido");
        assert_eq!(problem["campo"], field, "{uri}: {problem}");
        assert_eq!(&problem["admitidos"], known, "{uri}");
        assert!(
            !answer.text.contains("SECRETO") && !answer.text.contains("4711"),
            "{problem}"
        );
    }
    for uri in ["/bare", "/bare?", "/bare?&"] {
        assert_eq!(ask(app(), get(uri, &[])).await.text, "bare", "{uri}");
    }
}

#[tokio::test]
async fn an_unknown_route_is_a_404_problem() {
    let answer = ask(app(), get("/SECRETO", &[])).await;
    answer.problem(404, "ruta_desconocida");
    assert!(!answer.text.contains("SECRETO"));
}

#[tokio::test]
async fn a_wrong_method_is_a_405_problem_that_keeps_allow() {
    let request = Request::post("/things/7").body(Body::empty()).unwrap();
    let answer = ask(app(), request).await;
    answer.problem(405, "metodo_no_permitido");
    let mut allowed: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["DELETE", "GET", "HEAD"]);
}

#[tokio::test]
async fn a_panic_is_a_500_problem() {
    let answer = ask(app(), get("/panics/7", &[])).await;
    answer.problem(500, "error_interno");
    assert!(!answer.text.contains("SECRETO"));
}
