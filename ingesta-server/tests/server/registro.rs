//! A schema registry in memory that answers as Confluent's does, for the calls that a server makes.
//!
//! It judges nothing: a subject that was told to refuse answers 409 with a reason.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{post, put};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Why a subject refuses.
pub(crate) const REASON: &str = "Schema being registered is incompatible with an earlier schema";

#[derive(Default)]
struct Held {
    /// Subjects and texts, in the order of their numbers.
    schemas: Vec<(String, Value)>,
    rules: BTreeMap<String, Value>,
    refuses: Option<String>,
}

type Shared = Arc<Mutex<Held>>;

/// A running registry; it ends with this value.
pub(crate) struct Registro {
    pub(crate) url: String,
    held: Shared,
    task: JoinHandle<()>,
}

impl Drop for Registro {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Registro {
    pub(crate) async fn start() -> Self {
        let held = Shared::default();
        let latest = "/compatibility/subjects/{subject}/versions/latest";
        let routes = Router::new()
            .route("/subjects/{subject}", post(find))
            .route("/subjects/{subject}/versions", post(register))
            .route("/config/{subject}", put(rule))
            .route(latest, post(judge))
            .with_state(Arc::clone(&held));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let task = tokio::spawn(async move {
            axum::serve(listener, routes).await.expect("it serves");
        });
        Self { url, held, task }
    }

    /// From now on this subject takes no new schema.
    pub(crate) fn refuse(&self, subject: &str) {
        with(&self.held, |held| held.refuses = Some(subject.to_owned()));
    }

    /// The subjects of the schemas that it holds, in the order of their numbers.
    pub(crate) fn subjects(&self) -> Vec<String> {
        with(&self.held, |held| {
            let subjects = held.schemas.iter().map(|(subject, _)| subject.clone());
            subjects.collect()
        })
    }

    /// The rule of a subject.
    pub(crate) fn rule(&self, subject: &str) -> Option<Value> {
        with(&self.held, |held| held.rules.get(subject).cloned())
    }
}

fn with<T>(held: &Shared, what: impl FnOnce(&mut Held) -> T) -> T {
    what(&mut held.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Held {
    fn number(&self, subject: &str, text: &Value) -> Option<usize> {
        let mut all = self.schemas.iter();
        all.position(|(name, held)| name == subject && held == text)
    }
}

fn answer(number: usize) -> Response {
    Json(json!({ "id": number + 1 })).into_response()
}

fn refused() -> Response {
    let complaint = json!({ "error_code": 409, "message": REASON });
    (StatusCode::CONFLICT, Json(complaint)).into_response()
}

async fn find(
    State(held): State<Shared>,
    Path(subject): Path<String>,
    Json(body): Json<Value>,
) -> Response {
    match with(&held, |held| held.number(&subject, &body["schema"])) {
        Some(number) => answer(number),
        None => {
            let complaint = json!({ "error_code": 40403, "message": "Schema not found" });
            (StatusCode::NOT_FOUND, Json(complaint)).into_response()
        }
    }
}

async fn register(
    State(held): State<Shared>,
    Path(subject): Path<String>,
    Json(body): Json<Value>,
) -> Response {
    with(&held, |held| {
        if held.refuses.as_deref() == Some(&subject) {
            return refused();
        }
        let text = &body["schema"];
        let number = held.number(&subject, text).unwrap_or_else(|| {
            held.schemas.push((subject, text.clone()));
            held.schemas.len() - 1
        });
        answer(number)
    })
}

async fn rule(
    State(held): State<Shared>,
    Path(subject): Path<String>,
    Json(body): Json<Value>,
) -> Json<Value> {
    let rule = body["compatibility"].clone();
    with(&held, |held| held.rules.insert(subject, rule));
    Json(body)
}

async fn judge(State(held): State<Shared>, Path(subject): Path<String>) -> Json<Value> {
    let refuses = with(&held, |held| held.refuses.as_deref() == Some(&subject));
    let messages: Vec<_> = refuses.then_some(REASON).into_iter().collect();
    Json(json!({ "is_compatible": !refuses, "messages": messages }))
}
