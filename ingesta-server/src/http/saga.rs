//! The log of a saga: where it is, since when, what it waits for; and whether it leads.
//!
//! Promises: an ingesta without a saga is a 404 of its own code; nothing here changes a saga, which
//! the operator's command line does.

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::Response;
use ingesta_domain::consulta::ObtenerSaga;
use ingesta_domain::saga::{EstadoSaga, SagaError};
use ingesta_domain::valor::IdIngesta;
use ingesta_http::{IfNoneMatch, PathId, Problem, QueryParams, VersionTag};
use serde::Deserialize;

use super::acceso::Visible;
use super::consultas::fila_con_version;
use super::esquemas::Problema;
use super::momento::posicion;
use super::rechazo::{no_leida, sin_respuesta};
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
    _: Visible,
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

/// No saga leads the ingesta, or it waits for a person: else somebody could end well what is being
/// reverted. From there on a saga turns back only after its ingesta has ended, so nothing slips
/// between this look, which is at the log itself, and the command.
pub(super) struct SinSagaEnCurso;

impl FromRequestParts<AppState> for SinSagaEnCurso {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let PathId(id) = PathId::<IdIngesta>::from_request_parts(parts, app).await?;
        let loaded = app.sagas.load(&id.to_string()).await.map_err(no_leida)?;
        match loaded.state.state().saga().estado() {
            Some(estado) if !estado.es_final() && estado != EstadoSaga::Alertada => {
                let detail = "una saga lleva esta ingesta y la terminará; \
                              una persona decide cuando la saga está Alertada";
                Err(Problem::conflict("saga_en_curso", detail).with("estado", estado.as_str()))
            }
            Some(_) | None => Ok(Self),
        }
    }
}
