//! The log of a saga: where it is, since when, what it waits for.
//!
//! Promises: an ingesta without a saga is a 404 of its own code; nothing here changes a saga, which
//! the operator's command line does.

use axum::extract::State;
use axum::response::Response;
use ingesta_domain::consulta::ObtenerSaga;
use ingesta_domain::saga::SagaError;
use ingesta_domain::valor::IdIngesta;
use ingesta_http::{IfNoneMatch, PathId, Problem, QueryParams, VersionTag};
use serde::Deserialize;

use super::consultas::fila_con_version;
use super::esquemas::Problema;
use super::momento::posicion;
use super::rechazo::sin_respuesta;
use crate::app::AppState;
use crate::vistas::FilaSaga;

#[derive(Deserialize)]
pub(super) struct Desde {
    /// The position that the answer must reflect at least.
    desde: Option<String>,
}

/// The saga of an ingesta.
#[utoipa::path(
    get,
    path = "/ingesta/{id}/saga",
    tag = "consultas",
    params(("id" = uuid::Uuid, Path, description = "Which ingesta"),
        ("desde" = Option<String>, Query,
            description = "The position that the answer must reflect at least"),
        ("If-None-Match" = Option<String>, Header, description = "The version at hand")),
    responses(
        (status = 200, description = "Its saga", body = FilaSaga, headers(("ETag" = String))),
        (status = 304, description = "The version at hand is the one that is asked for"),
        (status = 400, description = "Malformed id or position, or an unknown parameter",
            body = Problema),
        (status = 404, description = "No such ingesta, or it has no saga (yet)", body = Problema),
        (status = 503, description = "Not now", body = Problema),
    ),
)]
pub(super) async fn saga(
    State(app): State<AppState>,
    PathId(id): PathId<IdIngesta>,
    QueryParams(desde): QueryParams<Desde>,
    at_hand: IfNoneMatch,
) -> Result<Response, Problem> {
    let consulta = ObtenerSaga { id_ingesta: id };
    let desde = posicion(desde.desde)?;
    let found = app.consultas.consultar(consulta, desde).await;
    let fila = found.map_err(sin_respuesta)?.ok_or_else(|| {
        let ninguna = SagaError::SagaNoExiste;
        Problem::not_found(ninguna.code(), ninguna.to_string())
    })?;
    Ok(fila_con_version(&at_hand, VersionTag(fila.version), fila))
}
