//! The tables that are folded from the log: how they stand, and folding one anew.
//!
//! Promises: a table answers while it is rebuilt; what is told of a rebuild is how far it is now, and
//! afterwards how it ended.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use ingesta_http::{NoQueryParams, PathId, Problem};
use ingesta_projections::projection_statuses;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::esquemas::Problema;
use super::super::rechazo::almacen;
use super::seconds;
use crate::app::AppState;
use crate::operacion::obras::{EnCurso, Fin, Obra};
use crate::operacion::proyecciones::{entries, named};
use crate::operacion::standing;

/// A projection as an operator reads it.
#[derive(Serialize, ToSchema)]
pub(super) struct Proyeccion {
    #[schema(example = "vista_ingestas")]
    name: String,
    /// `running`, `idle`, `rebuilding` or `cluster-changed`.
    #[schema(value_type = String, example = "running")]
    state: &'static str,
    /// How far it has come in the log; absent before it has run.
    #[schema(value_type = Option<String>)]
    checkpoint: Option<String>,
    /// Events behind.
    lag_events: u64,
    /// Age of the oldest of them.
    lag_seconds: Option<f64>,
    /// About how many rows, by the database's statistics, which come late.
    rows_estimate: Option<u64>,
    /// Streams that wait behind an event that failed.
    parked: u64,
    /// When it last moved.
    moved_at: Option<DateTime<Utc>>,
    /// The rebuild that this server does, or the last one that it did.
    rebuild: Option<Reconstruccion>,
}

/// A rebuild of this server.
#[derive(Serialize, ToSchema)]
pub(super) struct Reconstruccion {
    /// `running`, `done`, `stopped` (the next one goes on from there) or `failed`.
    #[schema(value_type = String, example = "running")]
    state: &'static str,
    /// `waiting`, `folding`, `writing`, `indexing`, `catching_up`, `comparing`, `swapping` or `done`.
    #[schema(value_type = String, example = "folding")]
    phase: &'static str,
    /// Of the passes over the log, from 1.
    pass: u32,
    /// Events read in this pass.
    events_read: u64,
    /// About how many a pass reads, where that is known.
    events_expected: Option<u64>,
    rows_written: u64,
    /// Rows that differ from the old table, were added or are gone; once it is done, where the two
    /// were compared.
    rows_differing: Option<u64>,
    /// Something out of the ordinary, in a sentence.
    note: Option<String>,
    /// Why it failed, in a sentence.
    error: Option<String>,
}

impl From<Obra> for Reconstruccion {
    fn from(obra: Obra) -> Self {
        let (state, differing, error) = match obra.fin {
            None => ("running", None, None),
            Some(Fin::Hecha(done)) => {
                let compared = done.compared;
                let differing = compared.map(|c| c.changed + c.only_fresh + c.only_old);
                ("done", differing, None)
            }
            Some(Fin::Detenida) => ("stopped", None, None),
            Some(Fin::Fallida(error)) => ("failed", None, Some(error)),
        };
        let progress = obra.progress;
        Self {
            state,
            phase: progress.phase.as_str(),
            pass: progress.pass,
            events_read: progress.events_read,
            events_expected: progress.events_expected,
            rows_written: progress.rows_written,
            rows_differing: differing,
            note: progress.note,
            error,
        }
    }
}

/// The projections.
#[utoipa::path(get, path = "/operacion/proyecciones", tag = "operación",
    responses(
        (status = 200, description = "Each, by name", body = Vec<Proyeccion>),
        (status = 400, description = "A query parameter", body = Problema),
        (status = 503, description = "Not now", body = Problema),
    ))]
pub(super) async fn todas(
    State(app): State<AppState>,
    _: NoQueryParams,
) -> Result<Json<Vec<Proyeccion>>, Problem> {
    let storage = &app.operacion.storage;
    let statuses = projection_statuses(storage, storage.database(), &entries()).await;
    let rows = statuses.map_err(|error| almacen(&error))?.into_iter();
    let rows = rows.map(|status| Proyeccion {
        state: standing::projection(&status),
        checkpoint: status.checkpoint.map(|position| position.to_string()),
        lag_events: status.lag.events,
        lag_seconds: seconds(status.lag.age),
        rows_estimate: status.rows_estimate,
        parked: status.parked,
        moved_at: status.moved_at,
        rebuild: app.operacion.obras.de(&status.name).map(Into::into),
        name: status.name,
    });
    Ok(Json(rows.collect()))
}

/// Fold a projection anew, beside the one that is read; one that was stopped goes on.
#[utoipa::path(post, path = "/operacion/proyecciones/{nombre}/reconstruir", tag = "operación",
    params(("nombre" = String, Path, description = "Which projection")),
    responses(
        (status = 202, description = "It has begun"),
        (status = 400, description = "A query parameter", body = Problema),
        (status = 404, description = "No such projection", body = Problema),
        (status = 409, description = "This server rebuilds one already", body = Problema),
    ))]
pub(super) async fn reconstruir(
    State(app): State<AppState>,
    PathId(nombre): PathId<String>,
    _: NoQueryParams,
) -> Result<StatusCode, Problem> {
    let name = proyeccion(&nombre)?;
    let begun = app.operacion.obras.comenzar(name);
    begun.map_err(|EnCurso(busy)| {
        let detail = "este servidor ya reconstruye una proyección; espere a que acabe o deténgala";
        Problem::conflict("reconstruccion_en_curso", detail).with("nombre", busy)
    })?;
    Ok(StatusCode::ACCEPTED)
}

/// Stop the rebuild of a projection. What it has done is kept, and the next one goes on from there.
#[utoipa::path(post, path = "/operacion/proyecciones/{nombre}/detener", tag = "operación",
    params(("nombre" = String, Path, description = "Which projection")),
    responses(
        (status = 202, description = "It will stop"),
        (status = 400, description = "A query parameter", body = Problema),
        (status = 404, description = "No such projection", body = Problema),
        (status = 409, description = "This server does not rebuild it", body = Problema),
    ))]
pub(super) async fn detener(
    State(app): State<AppState>,
    PathId(nombre): PathId<String>,
    _: NoQueryParams,
) -> Result<StatusCode, Problem> {
    let name = proyeccion(&nombre)?;
    if app.operacion.obras.detener(name) {
        return Ok(StatusCode::ACCEPTED);
    }
    let detail = "este servidor no la reconstruye ahora";
    Err(Problem::conflict("sin_reconstruccion", detail))
}

fn proyeccion(nombre: &str) -> Result<&'static str, Problem> {
    named(nombre).ok_or_else(|| {
        let detail = "no hay ninguna proyección con ese nombre";
        Problem::not_found("proyeccion_no_existe", detail)
    })
}
