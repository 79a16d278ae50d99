//! JSON bodies: media type, size, and the bytes as they came.
//!
//! Promises: bodies are sent whole and in pieces, below and above the limit.
//! The shapes are in `json_shapes`.

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::{Request, header};
use axum::routing::post;
use ingesta_http::{JsonBody, RawJsonBody};
use serde_json::Value;

use crate::asking::ask;

fn app() -> Router {
    Router::new()
        .route(
            "/",
            post(|JsonBody(value): JsonBody<Value>| async move { value.to_string() }),
        )
        .route(
            "/raw",
            post(|body: RawJsonBody<Value>| async move { body.raw }),
        )
        .layer(DefaultBodyLimit::max(100))
}

fn sent(uri: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::post(uri).header(header::CONTENT_TYPE, "application/json");
    request.body(body.into()).unwrap()
}

#[tokio::test]
async fn only_json_media_types_are_read() {
    let table = [
        ("application/json", true),
        ("Application/JSON; charset=utf-8", true),
        ("application/merge-patch+json", true),
        ("application/cloudevents+json;x=y", true),
        ("application/+json", false),
        ("application/jsonx", false),
        ("text/json", false),
        ("text/plain", false),
        ("application/x-www-form-urlencoded", false),
        ("", false),
    ];
    for (media_type, read) in table {
        let request = Request::post("/").header(header::CONTENT_TYPE, media_type);
        let answer = ask(app(), request.body(Body::from("{}")).unwrap()).await;
        if read {
            assert_eq!(
                (answer.status.as_u16(), answer.text.as_str()),
                (200, "{}"),
                "{media_type}"
            );
        } else {
            answer.problem(415, "tipo_de_contenido_no_admitido");
        }
    }
    let bare = Request::post("/").body(Body::from("{}")).unwrap();
    ask(app(), bare)
        .await
        .problem(415, "tipo_de_contenido_no_admitido");
    let twice = Request::post("/")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_TYPE, "text/plain");
    let answer = ask(app(), twice.body(Body::from("{}")).unwrap()).await;
    answer.problem(415, "tipo_de_contenido_no_admitido");
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_and_one_at_the_limit_is_read() {
    for (length, status) in [(100, 200), (101, 413), (1_000_000, 413)] {
        let body = format!("\"{}\"", "x".repeat(length - 2));
        let halves = [body[..50].to_owned(), body[50..].to_owned()].map(Ok::<_, std::io::Error>);
        let in_pieces = Body::from_stream(futures_util::stream::iter(halves));
        for answer in [
            ask(app(), sent("/", body)).await,
            ask(app(), sent("/", in_pieces)).await,
        ] {
            assert_eq!(answer.status.as_u16(), status, "{length}");
            if status == 413 {
                answer.problem(413, "cuerpo_demasiado_grande");
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_400() {
    let pieces = [Ok("{"), Err(std::io::Error::other("the client went away"))];
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    ask(app(), sent("/", body))
        .await
        .problem(400, "cuerpo_incompleto");
}

#[tokio::test]
async fn the_raw_bytes_are_those_that_came() {
    let body = "{ \"b\" : 1.0 ,\n \"a\":2}";
    assert_eq!(ask(app(), sent("/raw", body)).await.text, body);
    ask(app(), sent("/raw", "{"))
        .await
        .problem(400, "json_malformado");
}
