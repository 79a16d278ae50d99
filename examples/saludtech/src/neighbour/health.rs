//! `GET /health`: how the neighbour is, asked of the things themselves.
//!
//! Promises: a look is bounded in time; a database that does not answer is `down` (503); a broker
//! that is away is `degraded` (200), because it is waited for; nothing of a message is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use ingesta_event_store::Storage;
use ingesta_event_store::subscription::RunnerStatus;
use ingesta_kafka::inbox::{InboxHandle, InboxState};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const LOOK: Duration = Duration::from_secs(3);

/// Inboxes by the name of their topic, once they run.
pub(super) type Inboxes = Arc<Mutex<Vec<(String, InboxHandle)>>>;

/// What is looked at.
#[derive(Clone)]
pub(super) struct Health {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) inboxes: Inboxes,
    pub(super) followers: Vec<(String, watch::Receiver<RunnerStatus>)>,
}

impl Health {
    async fn look(&self) -> (&'static str, Vec<Value>) {
        let mut worst = "up";
        let mut components = Vec::new();
        let mut tell = |name: &str, status: &'static str, detail: String| {
            if status == "down" || worst == "up" {
                worst = status;
            }
            components.push(json!({"name": name, "status": status, "detail": detail}));
        };
        match tokio::time::timeout(LOOK, self.storage.head()).await {
            Ok(Ok(_)) => tell("database", "up", "it answers".to_owned()),
            Ok(Err(error)) => tell("database", "down", error.to_string()),
            Err(_) => tell("database", "down", "no answer in time".to_owned()),
        }
        for (name, status) in &self.followers {
            let (status, detail) = follower(&status.borrow());
            tell(name, status, detail);
        }
        let inboxes = self.inboxes.lock().unwrap_or_else(PoisonError::into_inner);
        if inboxes.is_empty() {
            tell("kafka", "degraded", "its topics are asked for".to_owned());
        }
        for (name, inbox) in inboxes.iter() {
            let status = inbox.status();
            let (health, standing) = match status.state {
                InboxState::Joining => ("up", "joining its group"),
                InboxState::Following => ("up", "following"),
                InboxState::Unreachable => ("degraded", "no broker answers"),
                InboxState::Ended => ("down", "ended"),
            };
            let health = if status.retrying_since.is_some() {
                "degraded"
            } else {
                health
            };
            let (handled, aside) = (status.handled, status.dead_lettered);
            tell(
                name,
                health,
                format!("{standing}, {handled} handled, {aside} put aside"),
            );
        }
        (worst, components)
    }
}

fn follower(status: &RunnerStatus) -> (&'static str, String) {
    match status {
        RunnerStatus::Following { .. } => ("up", "following".to_owned()),
        RunnerStatus::Standby => ("up", "standing by for another instance".to_owned()),
        RunnerStatus::Starting => ("degraded", "not started yet".to_owned()),
        RunnerStatus::Stuck { on, .. } => ("degraded", format!("stuck: {on}")),
        RunnerStatus::Stopped { error } => ("down", format!("stopped: {error}")),
        RunnerStatus::Ended => ("down", "ended".to_owned()),
    }
}

async fn health(State(health): State<Health>) -> Response {
    let (status, components) = health.look().await;
    let code = if status == "down" {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    };
    (
        code,
        Json(json!({"status": status, "components": components})),
    )
        .into_response()
}

/// Listens, and answers until it is told to stop.
pub(super) async fn serve(
    name: &str,
    listen: SocketAddr,
    state: Health,
    stop: CancellationToken,
) -> std::io::Result<(SocketAddr, JoinHandle<()>)> {
    let listener = TcpListener::bind(listen).await?;
    let addr = listener.local_addr()?;
    let router = Router::new()
        .route("/health", get(health))
        .route(&format!("/{name}/health"), get(health))
        .with_state(state);
    let serving = tokio::spawn(async move {
        let served = axum::serve(listener, router)
            .with_graceful_shutdown(async move { stop.cancelled().await })
            .await;
        if let Err(error) = served {
            tracing::error!(%error, "health is not told any more");
        }
    });
    Ok((addr, serving))
}
