//! How the server stands: for the first systems' clients, for an orchestrator, for a scraper.
//!
//! Promises: `/ingesta/health` says `{"status":"up"}` only while the database answers and no
//! subscription has stopped; `/livez` asks nobody, because a restart mends no database.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::{AppState, Component};

/// `up`, or `down` with what is wrong.
#[derive(Serialize, ToSchema)]
pub(super) struct Salud {
    /// `up` or `down`.
    #[schema(value_type = String, example = "up")]
    status: &'static str,
    /// What is down; left out while all is well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    components: Vec<Component>,
}

/// Every component.
#[derive(Serialize, ToSchema)]
pub(super) struct Disposicion {
    /// `ready` or `not_ready`.
    #[schema(value_type = String, example = "ready")]
    status: &'static str,
    components: Vec<Component>,
}

/// Whether it works.
#[utoipa::path(
    get,
    path = "/ingesta/health",
    tag = "salud",
    responses(
        (status = 200, description = "It works", body = Salud),
        (status = 503, description = "The database is away or a subscription has stopped",
            body = Salud),
    ),
)]
pub(super) async fn health(State(app): State<AppState>) -> Response {
    let mut components = app.health.brief().await;
    components.retain(Component::is_down);
    if components.is_empty() {
        return Json(Salud {
            status: "up",
            components,
        })
        .into_response();
    }
    let body = Json(Salud {
        status: "down",
        components,
    });
    (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
}

/// Whether the process is alive.
#[utoipa::path(get, path = "/livez", tag = "salud",
    responses((status = 200, description = "The process answers", body = Salud)))]
pub(super) async fn livez() -> Json<Salud> {
    Json(Salud {
        status: "up",
        components: Vec::new(),
    })
}

/// Whether requests should be sent here.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "salud",
    responses(
        (status = 200, description = "Yes", body = Disposicion),
        (status = 503, description = "No: a component is down", body = Disposicion),
    ),
)]
pub(super) async fn readyz(State(app): State<AppState>) -> Response {
    let components = app.health.full().await;
    if components.iter().any(Component::is_down) {
        let body = Json(Disposicion {
            status: "not_ready",
            components,
        });
        return (StatusCode::SERVICE_UNAVAILABLE, body).into_response();
    }
    Json(Disposicion {
        status: "ready",
        components,
    })
    .into_response()
}

/// Counters and gauges, in the OpenMetrics text format.
#[utoipa::path(get, path = "/metrics", tag = "salud",
    responses((status = 200, description = "OpenMetrics text", body = String,
        content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8")))]
pub(super) async fn metrics(State(app): State<AppState>) -> Response {
    app.metrics.measured(app.health.measure().await);
    app.metrics.watching(app.vivo.watchers());
    if let Some(broker) = app.health.broker() {
        app.metrics.broker(app.health.relays(), broker.inboxes());
    }
    let text = app.metrics.text(&app.registry);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
