//! How far the log is published, and what keeps a relay from it.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use ingesta_event_store::{EventStorage, StoreError, SubscriptionStorage};
use ingesta_http::{NoQueryParams, Problem};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::esquemas::Problema;
use super::super::rechazo::almacen;
use super::seconds;
use crate::app::AppState;
use crate::operacion::standing;
use crate::registry::{INTEGRACION_SAGA, RELAYS};

/// A relay as an operator reads it.
#[derive(Serialize, ToSchema)]
pub(super) struct Relevo {
    #[schema(value_type = String, example = "integracion_ingesta")]
    name: &'static str,
    /// `running`, `idle` or `cluster-changed`.
    #[schema(value_type = String, example = "running")]
    state: &'static str,
    checkpoint: String,
    /// Events behind.
    lag_events: u64,
    /// Age of the oldest of them.
    lag_seconds: Option<f64>,
    /// Streams that wait behind an event that failed.
    parked: u64,
    /// Messages on their way to the broker; absent where another server has the relay.
    in_flight: Option<u64>,
    /// Messages that the broker has taken from this server.
    acknowledged: Option<u64>,
    /// What keeps it from publishing now.
    last_error: Option<Traba>,
}

/// What keeps a relay from publishing.
#[derive(Serialize, ToSchema)]
pub(super) struct Traba {
    #[schema(value_type = String, example = "unreachable")]
    kind: &'static str,
    message: String,
    since: DateTime<Utc>,
}

/// The relays that have run. None: there was never a broker.
#[utoipa::path(get, path = "/operacion/relevos", tag = "operación",
    responses(
        (status = 200, description = "Each, by name", body = Vec<Relevo>),
        (status = 400, description = "A query parameter", body = Problema),
        (status = 503, description = "Not now", body = Problema),
    ))]
pub(super) async fn todos(
    State(app): State<AppState>,
    _: NoQueryParams,
) -> Result<Json<Vec<Relevo>>, Problem> {
    rows(&app).await.map(Json).map_err(|error| almacen(&error))
}

async fn rows(app: &AppState) -> Result<Vec<Relevo>, StoreError> {
    let storage = &app.operacion.storage;
    let here = app.health.relays();
    let statuses = storage.subscriptions().await?;
    let mut rows = Vec::new();
    for name in RELAYS.iter().copied().chain([INTEGRACION_SAGA]) {
        let Some(status) = statuses.iter().find(|status| status.name == name) else {
            continue;
        };
        let lag = storage.lag(status.checkpoint).await?;
        let figures = here.iter().find(|figures| figures.name == name);
        let figures = figures.map(|figures| &figures.status);
        let trouble = app.health.broker().and_then(|broker| broker.trouble(name));
        rows.push(Relevo {
            name,
            state: standing::follower(status.cluster_changed, status.running),
            checkpoint: status.checkpoint.to_string(),
            lag_events: lag.events,
            lag_seconds: seconds(lag.age),
            parked: status.parked,
            in_flight: figures.map(|figures| figures.in_flight),
            acknowledged: figures.map(|figures| figures.acknowledged),
            last_error: trouble.map(|trouble| Traba {
                kind: trouble.kind,
                message: trouble.message,
                since: trouble.since,
            }),
        });
    }
    Ok(rows)
}
