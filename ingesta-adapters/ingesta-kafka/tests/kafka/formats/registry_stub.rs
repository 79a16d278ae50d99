//! A schema registry in memory that answers as Confluent's does, for the calls that are made.
//!
//! Compatibility is judged by the other implementation of Avro, not by ours.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use apache_avro::Schema;
use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use ingesta_kafka::schema::{RegistryOptions, SchemaRegistry};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// `reader:secreto` in HTTP's basic scheme.
const LOGIN: &str = "Basic cmVhZGVyOnNlY3JldG8=";

/// What the registry holds, and what it was asked.
#[derive(Default)]
pub(crate) struct Held {
    /// Texts by number, from 1.
    pub(crate) schemas: Vec<Value>,
    pub(crate) subjects: BTreeMap<String, Vec<usize>>,
    pub(crate) rules: BTreeMap<String, String>,
    /// Methods and paths, in order.
    pub(crate) asked: Vec<String>,
    /// Answers every call with this status.
    pub(crate) broken: Option<u16>,
    /// Something else answers in its place, which has no such page.
    pub(crate) elsewhere: bool,
}

type Shared = Arc<Mutex<Held>>;

/// A running registry; it ends with this value.
pub(crate) struct Stub {
    pub(crate) url: String,
    held: Shared,
    task: JoinHandle<()>,
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Stub {
    pub(crate) async fn start() -> Self {
        let held = Shared::default();
        let routes = Router::new()
            .route("/schemas/ids/{id}", get(by_number))
            .route("/subjects/{subject}", post(find))
            .route("/subjects/{subject}/versions", post(register))
            .route(
                "/compatibility/subjects/{subject}/versions/latest",
                post(judge),
            )
            .route("/config/{subject}", put(rule))
            .layer(from_fn_with_state(Arc::clone(&held), at_the_door))
            .with_state(Arc::clone(&held));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("it works");
        let url = format!("http://{}", listener.local_addr().expect("it works"));
        let task = tokio::spawn(async move {
            axum::serve(listener, routes).await.expect("it works");
        });
        Self { url, held, task }
    }

    pub(crate) fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().expect("it works")
    }

    pub(crate) fn client(&self) -> SchemaRegistry {
        let options = RegistryOptions::new(&self.url).with_basic_auth("reader", "secreto");
        SchemaRegistry::new(options).expect("it works")
    }
}

fn error(status: u16, code: i64, message: &str) -> Response {
    let body = json!({ "error_code": code, "message": message });
    (StatusCode::from_u16(status).expect("it works"), Json(body)).into_response()
}

async fn at_the_door(
    State(held): State<Shared>,
    headers: HeaderMap,
    request: Request,
    next: Next,
) -> Response {
    let (broken, elsewhere) = {
        let mut held = held.lock().expect("it works");
        let uri = request.uri();
        held.asked.push(format!("{} {uri}", request.method()));
        (held.broken, held.elsewhere)
    };
    if elsewhere {
        let page = "<html><body>404 Not Found</body></html>";
        return (StatusCode::NOT_FOUND, page).into_response();
    }
    if let Some(status) = broken {
        return error(status, 50_001, "Error in the backend data store");
    }
    if headers
        .get(header::AUTHORIZATION)
        .is_none_or(|login| login != LOGIN)
    {
        return error(401, 401, "Unauthorized");
    }
    next.run(request).await
}

fn no_subject() -> Response {
    error(404, 40_401, "Subject not found.")
}

async fn by_number(State(held): State<Shared>, Path(id): Path<usize>) -> Response {
    let held = held.lock().expect("it works");
    match id.checked_sub(1).and_then(|at| held.schemas.get(at)) {
        Some(schema) => Json(schema).into_response(),
        None => error(404, 40_403, &format!("Schema {id} not found")),
    }
}

async fn find(
    State(held): State<Shared>,
    Path(subject): Path<String>,
    Json(wanted): Json<Value>,
) -> Response {
    let held = held.lock().expect("it works");
    let Some(versions) = held.subjects.get(&subject) else {
        return no_subject();
    };
    let schema = json!({ "schema": wanted["schema"] });
    match versions
        .iter()
        .position(|id| held.schemas[id - 1] == schema)
    {
        Some(at) => Json(json!({
            "subject": subject, "id": versions[at], "version": at + 1, "schema": wanted["schema"],
        }))
        .into_response(),
        None => error(404, 40_403, "Schema not found"),
    }
}

fn parsed(schema: &Value) -> Option<Schema> {
    Schema::parse_str(schema["schema"].as_str()?).ok()
}

fn fits(held: &Held, versions: &[usize], new: &Schema) -> bool {
    let old = versions
        .iter()
        .filter_map(|id| parsed(&held.schemas[id - 1]));
    old.into_iter()
        .all(|old| SchemaCompatibility::mutual_read(&old, new) == Ok(Compatibility::Full))
}

async fn register(
    State(held): State<Shared>,
    Path(subject): Path<String>,
    Json(new): Json<Value>,
) -> Response {
    let mut held = held.lock().expect("it works");
    let Some(schema) = parsed(&new) else {
        return error(422, 42_201, "Invalid schema");
    };
    let versions = held.subjects.get(&subject).cloned().unwrap_or_default();
    let new = json!({ "schema": new["schema"] });
    if let Some(id) = versions.iter().find(|id| held.schemas[**id - 1] == new) {
        return Json(json!({ "id": id })).into_response();
    }
    if !fits(&held, &versions, &schema) {
        let text = format!(
            "Schema being registered is incompatible with an earlier schema for subject \"{subject}\""
        );
        return error(409, 409, &text);
    }
    // The same text under two subjects has one number.
    let id = match held.schemas.iter().position(|held| *held == new) {
        Some(at) => at + 1,
        None => {
            held.schemas.push(new);
            held.schemas.len()
        }
    };
    held.subjects.entry(subject).or_default().push(id);
    Json(json!({ "id": id })).into_response()
}

async fn judge(
    State(held): State<Shared>,
    Path(subject): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
    Json(new): Json<Value>,
) -> Response {
    let held = held.lock().expect("it works");
    let Some(versions) = held.subjects.get(&subject) else {
        return no_subject();
    };
    let Some(schema) = parsed(&new) else {
        return error(422, 42_201, "Invalid schema");
    };
    let mut answer = json!({ "is_compatible": fits(&held, versions, &schema) });
    if query
        .get("verbose")
        .is_some_and(|verbose| verbose == "true")
        && answer["is_compatible"] == false
    {
        answer["messages"] = json!(["READER_FIELD_MISSING_DEFAULT_VALUE, location:/fields/7"]);
    }
    Json(answer).into_response()
}

async fn rule(
    State(held): State<Shared>,
    Path(subject): Path<String>,
    Json(rule): Json<Value>,
) -> Response {
    let mut held = held.lock().expect("it works");
    let name = rule["compatibility"].as_str().unwrap_or_default();
    held.rules.insert(subject, name.to_owned());
    Json(rule).into_response()
}
