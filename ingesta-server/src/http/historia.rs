//! `GET /ingesta/{id}/historia`: everything that has happened to it, from the log.
//!
//! Promises: the log's order; nothing is left out, and what cannot be read says so; who asked for what
//! is shown to those of the house alone.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use ingesta_domain::consulta::ObtenerHistoria;
use ingesta_domain::valor::IdIngesta;
use ingesta_http::{NoQueryParams, PathId, Problem};

use super::acceso::{Quien, Visible};
use super::consultas::privado;
use super::esquemas::Problema;
use super::rechazo::{no_existe, sin_respuesta};
use crate::app::AppState;
use crate::vistas::Hecho;

/// What has happened to an ingesta and its image.
///
/// The state after any of them is `/ingesta/consulta-por-id/{id}?version=`, for those of the ingesta,
/// and `/ingesta/{id}/imagen?version=`, for those of the image.
#[utoipa::path(
    get,
    path = "/ingesta/{id}/historia",
    tag = "consultas",
    params(("id" = uuid::Uuid, Path, description = "Which ingesta")),
    responses(
        (status = 200, description = "Its events, the oldest first", body = Vec<Hecho>),
        (status = 400, description = "Malformed id, or a query parameter", body = Problema),
        (status = 404, description = "No such ingesta", body = Problema),
        (status = 503, description = "Not now", body = Problema),
    ),
)]
pub(super) async fn historia(
    State(app): State<AppState>,
    _: Visible,
    Quien(principal): Quien,
    PathId(id): PathId<IdIngesta>,
    _: NoQueryParams,
) -> Result<Response, Problem> {
    let found = app.consultas.consultar(ObtenerHistoria { id }, None).await;
    let mut hechos = found.map_err(sin_respuesta)?;
    if hechos.is_empty() {
        return Err(no_existe());
    }
    if principal.solo().is_some() {
        hechos.iter_mut().for_each(|hecho| hecho.actor = None);
    }
    Ok(privado(Json(hechos).into_response()))
}
