//! JSON bodies of a wrong shape: the code, the field, and that nothing sent is repeated.
//!
//! Promises: every case carries `SECRETO`, or a value of its own, and no answer repeats it.
//! It does not pin the wording of the texts, but for the one that clients read most.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use axum::routing::post;
use ingesta_http::JsonBody;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::asking::{Answer, ask};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "count")]
    _count: u8,
    #[serde(rename = "color")]
    _color: Option<Color>,
    #[serde(rename = "place")]
    _place: Option<Place>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Color {
    Red,
}

#[derive(Deserialize)]
struct Place {
    #[serde(rename = "street")]
    _street: String,
}

#[derive(Deserialize)]
struct Wrapped(#[expect(dead_code, reason = "only read")] Order);

#[derive(Deserialize)]
struct Flattened {
    #[serde(flatten)]
    _place: Place,
}

async fn sent<T: serde::de::DeserializeOwned + Send + 'static>(body: &str) -> Answer {
    let app = Router::new().route("/", post(|_: JsonBody<T>| async { "read" }));
    let request = Request::post("/").header(header::CONTENT_TYPE, "application/json");
    ask(app, request.body(Body::from(body.to_owned())).unwrap()).await
}

/// Code, field (or a dash) and body.
const WRONG: &str = r#"
campo_ausente      name          {"count":1,"color":null}
campo_ausente      place.street  {"name":"SECRETO","count":1,"place":{}}
campo_ausente      count         {"name":"SECRETO"}
campo_repetido     name          {"name":"a","name":"SECRETO"}
campo_repetido     place.street  {"name":"a","place":{"street":"b","street":"SECRETO"}}
campo_desconocido  -             {"name":"a","SECRETO":1}
campo_desconocido  -             {"missing field `SECRETO`":1}
campo_invalido     count         {"name":"a","count":"SECRETO"}
campo_invalido     count         {"count":"missing field `SECRETO`"}
campo_invalido     count         {"name":"a","count":4711}
campo_invalido     count         {"name":"a","count":-4711}
campo_invalido     count         {"name":"a","count":47.11}
campo_invalido     name          {"name":4711,"count":1}
campo_invalido     name          {"name":["SECRETO"],"count":1}
campo_invalido     name          {"name":{"SECRETO":1},"count":1}
campo_invalido     name          {"name":null,"count":1}
campo_invalido     name          {"name":true,"count":1}
campo_invalido     name          { "count" : 1 , "name" : 4711 }
campo_invalido     color         {"name":"a","count":1,"color":"SECRETO"}
campo_invalido     place         {"name":"a","place":{"street":4711},"count":1}
campo_invalido     place         {"name":"a","place":[4711],"count":1}
cuerpo_invalido    -             ["SECRETO",1,null,null]
cuerpo_invalido    -              [{"name":"SECRETO","count":1}]
cuerpo_invalido    -             "SECRETO"
cuerpo_invalido    -             4711
cuerpo_invalido    -             null
json_malformado    -             SECRETO
json_malformado    -             {"name":"SECRETO
json_malformado    -             {"name":"a","count":1} SECRETO
json_malformado    -             {"name":"a","count":1e999}
json_malformado    -             {"name":"a","count":1,}
json_malformado    -
"#;

#[tokio::test]
async fn a_wrong_shape_names_the_field_and_nothing_that_was_sent() {
    for row in WRONG.trim().lines() {
        let (code, rest) = row.split_once(' ').unwrap();
        let rest = rest.trim_start();
        let (field, body) = rest.split_once(' ').unwrap_or((rest, ""));
        let body = body.trim();
        let field = if field == "-" {
            Value::Null
        } else {
            json!(field)
        };
        for answer in [sent::<Order>(body).await, sent::<Wrapped>(body).await] {
            let problem = answer.problem(400, code);
            assert_eq!(problem["campo"], field, "{body}: {problem}");
            assert!(!answer.text.contains("SECRETO"), "{body}: {problem}");
            assert!(!answer.text.contains("4711"), "{body}: {problem}");
        }
    }
}

#[tokio::test]
async fn a_field_is_found_in_a_body_of_several_lines() {
    for body in [
        "{\n \"count\" : 1,\n \"name\" :\n 4711 }",
        "\n\n{\"name\":4711\r\n}",
    ] {
        assert_eq!(
            sent::<Order>(body).await.problem(400, "campo_invalido")["campo"],
            "name"
        );
    }
}

#[tokio::test]
async fn the_place_is_told_and_the_missing_field_is_said_in_spanish() {
    let problem = sent::<Order>("{\n  \"name\": nope}")
        .await
        .problem(400, "json_malformado");
    assert_eq!(
        (&problem["linea"], &problem["columna"]),
        (&json!(2), &json!(12))
    );
    let problem = sent::<Order>("{\"name\":\"a\"}")
        .await
        .problem(400, "campo_ausente");
    assert_eq!(problem["error"], "falta el campo count");
}

#[tokio::test]
async fn what_is_right_is_read() {
    let body = r#"{"name":"a","count":1,"color":"red","place":{"street":"b"}}"#;
    assert_eq!(sent::<Order>(body).await.text, "read");
    assert_eq!(sent::<Option<Order>>("null").await.text, "read");
    assert_eq!(sent::<Vec<u8>>("[1,2]").await.text, "read");
    assert_eq!(sent::<(u8, u8)>("[1,2]").await.text, "read");
    assert_eq!(sent::<Flattened>(r#"{"street":"b"}"#).await.text, "read");
}

#[tokio::test]
async fn a_type_without_a_list_of_fields_is_refused_without_names() {
    let problem = sent::<Flattened>(r#"{"street":4711}"#)
        .await
        .problem(400, "cuerpo_invalido");
    assert_eq!(problem["campo"], Value::Null);
    let answer = sent::<Vec<u8>>(r#"["SECRETO"]"#).await;
    answer.problem(400, "cuerpo_invalido");
    assert!(!answer.text.contains("SECRETO"));
}

#[tokio::test]
async fn a_body_nested_without_end_is_refused() {
    sent::<Value>(&"[".repeat(100_000))
        .await
        .problem(400, "json_malformado");
}
