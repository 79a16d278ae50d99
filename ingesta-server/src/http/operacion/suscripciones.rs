//! What follows the log, and the streams that wait behind an event that failed.
//!
//! Promises: a stream that is no longer parked at the event that was named is left alone.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use ingesta_event_store::subscription::ParkedStream;
use ingesta_event_store::{EventStorage, StoreError, StreamId, SubscriptionStorage};
use ingesta_http::{JsonBody, NoQueryParams, PathId, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::esquemas::Problema;
use super::super::rechazo::almacen;
use super::seconds;
use crate::app::AppState;
use crate::operacion::standing;

/// A subscription as an operator reads it.
#[derive(Serialize, ToSchema)]
pub(super) struct Suscripcion {
    #[schema(example = "imagenes")]
    name: String,
    /// `running`, `idle`, `cluster-changed`; of a rebuild `rebuilding`, `verifying`, `interrupted`.
    #[schema(value_type = String, example = "running")]
    state: &'static str,
    checkpoint: String,
    /// Events behind.
    lag_events: u64,
    /// Age of the oldest of them.
    lag_seconds: Option<f64>,
    /// Who advances it, or did last.
    owner: Option<String>,
    /// Streams that wait behind an event that failed.
    parked: Vec<Apartado>,
}

/// A stream that waits behind an event that failed.
#[derive(Serialize, ToSchema)]
pub(super) struct Apartado {
    #[schema(example = "Ingesta/0198c0de-0000-7000-8000-000000000000")]
    stream: String,
    /// The event that failed, by its number in the stream.
    sequence: u64,
    code: String,
    /// Why, in a sentence without data.
    message: String,
    attempts: u32,
    parked_at: DateTime<Utc>,
    /// When it is tried again; absent: it waits for an operator.
    retry_at: Option<DateTime<Utc>>,
}

impl From<ParkedStream> for Apartado {
    fn from(parked: ParkedStream) -> Self {
        Self {
            stream: parked.stream.to_string(),
            sequence: parked.sequence,
            code: parked.reason.code,
            message: parked.reason.message,
            attempts: parked.attempts,
            parked_at: parked.parked_at,
            retry_at: parked.retry_at,
        }
    }
}

/// Which stream.
#[derive(Deserialize, ToSchema)]
pub(super) struct FlujoCuerpo {
    #[schema(example = "Ingesta/0198c0de-0000-7000-8000-000000000000")]
    stream: String,
}

/// Which event of which stream.
#[derive(Deserialize, ToSchema)]
pub(super) struct SucesoCuerpo {
    #[schema(example = "Ingesta/0198c0de-0000-7000-8000-000000000000")]
    stream: String,
    /// The event that failed, by its number in the stream.
    sequence: u64,
}

/// The subscriptions.
#[utoipa::path(get, path = "/operacion/suscripciones", tag = "operación",
    responses(
        (status = 200, description = "Each, by name", body = Vec<Suscripcion>),
        (status = 400, description = "A query parameter", body = Problema),
        (status = 503, description = "Not now", body = Problema),
    ))]
pub(super) async fn todas(
    State(app): State<AppState>,
    _: NoQueryParams,
) -> Result<Json<Vec<Suscripcion>>, Problem> {
    rows(&app).await.map(Json).map_err(|error| almacen(&error))
}

async fn rows(app: &AppState) -> Result<Vec<Suscripcion>, StoreError> {
    let storage = &app.operacion.storage;
    let mut rows = Vec::new();
    for status in storage.subscriptions().await? {
        let lag = storage.lag(status.checkpoint).await?;
        let parked = match status.parked {
            0 => Vec::new(),
            _ => storage.parked(&status.name).await?,
        };
        rows.push(Suscripcion {
            state: standing::subscription(&status),
            checkpoint: status.checkpoint.to_string(),
            lag_events: lag.events,
            lag_seconds: seconds(lag.age),
            owner: status.owner,
            parked: parked.into_iter().map(Into::into).collect(),
            name: status.name,
        });
    }
    Ok(rows)
}

/// Try a parked stream again, now.
#[utoipa::path(post, path = "/operacion/suscripciones/{nombre}/reanudar", tag = "operación",
    request_body = FlujoCuerpo,
    params(("nombre" = String, Path, description = "Which subscription")),
    responses(
        (status = 204, description = "It is tried"),
        (status = 400, description = "Malformed, or a query parameter", body = Problema),
        (status = 404, description = "It is not parked there", body = Problema),
        (status = 413, description = "Body too large", body = Problema),
        (status = 415, description = "Not JSON", body = Problema),
        (status = 503, description = "Not now", body = Problema),
    ))]
pub(super) async fn reanudar(
    State(app): State<AppState>,
    PathId(nombre): PathId<String>,
    _: NoQueryParams,
    JsonBody(cuerpo): JsonBody<FlujoCuerpo>,
) -> Result<StatusCode, Problem> {
    let stream = flujo(&cuerpo.stream)?;
    let storage = &app.operacion.storage;
    let resumed = storage.resume(&nombre, &stream).await;
    resumed.map_err(|error| no_apartado(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Pass over the one event that a parked stream failed on. It will never be processed by this
/// subscription; those behind it are.
#[utoipa::path(post, path = "/operacion/suscripciones/{nombre}/saltar", tag = "operación",
    request_body = SucesoCuerpo,
    params(("nombre" = String, Path, description = "Which subscription")),
    responses(
        (status = 204, description = "It is passed over"),
        (status = 400, description = "Malformed, or a query parameter", body = Problema),
        (status = 404, description = "It is not parked there at this event", body = Problema),
        (status = 413, description = "Body too large", body = Problema),
        (status = 415, description = "Not JSON", body = Problema),
        (status = 503, description = "Not now", body = Problema),
    ))]
pub(super) async fn saltar(
    State(app): State<AppState>,
    PathId(nombre): PathId<String>,
    _: NoQueryParams,
    JsonBody(cuerpo): JsonBody<SucesoCuerpo>,
) -> Result<StatusCode, Problem> {
    let stream = flujo(&cuerpo.stream)?;
    let storage = &app.operacion.storage;
    let skipped = storage.skip(&nombre, &stream, cuerpo.sequence).await;
    skipped.map_err(|error| no_apartado(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `TYPE/ID`, as lists show it.
fn flujo(text: &str) -> Result<StreamId, Problem> {
    match text.split_once('/') {
        Some((kind, id)) if !kind.is_empty() && !id.is_empty() && !text.contains('\0') => {
            Ok(StreamId::new(kind.to_owned(), id))
        }
        _ => {
            let detail = "stream se escribe TIPO/ID, como en la lista";
            Err(Problem::bad_request("stream_malformado", detail).with("campo", "stream"))
        }
    }
}

fn no_apartado(error: &StoreError) -> Problem {
    if matches!(error, StoreError::NotFound { .. }) {
        let detail = "ese flujo no está apartado ahí; lea la lista de nuevo";
        return Problem::not_found("flujo_no_apartado", detail);
    }
    almacen(error)
}
