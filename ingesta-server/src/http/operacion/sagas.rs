//! The sagas: those that have not ended, or all; tried again, or given up by a person.
//!
//! Promises: what a person wants is stored before it is answered; looking at the list costs a bounded
//! number of rows, whatever is looked for.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use ingesta_domain::saga::EstadoSaga;
use ingesta_domain::valor::IdIngesta;
use ingesta_http::{Cursor, JsonBody, NoQueryParams, PathId, Problem, QueryParams, next_page_link};
use ingesta_sagas::{Heard, HeardBy};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::circunstancias::Circunstancias;
use super::super::consultas::privado;
use super::super::esquemas::Problema;
use super::super::rechazo::{saga_sin_oir, sin_respuesta};
use crate::app::AppState;
use crate::consultas::ConsultaError;
use crate::operacion::sagas::decir;
use crate::saga::Proceso;
use crate::vistas::FilaSaga;

/// Who asks, in what is stored, where access is not controlled.
const ACTOR: &str = "operacion";
const LISTA: &str = "sagas";
/// Sagas in an answer.
const LIMITE: usize = 100;
/// Rows that are read at once, and for one answer at most.
const PAGE: u32 = 500;
const PAGES: u32 = 10;

#[derive(Deserialize)]
pub(super) struct Pedidas {
    /// Only those in this state.
    estado: Option<String>,
    /// Also those that have ended.
    todas: Option<bool>,
    /// Where to go on.
    cursor: Option<String>,
}

/// Why a saga is given up.
#[derive(Deserialize, ToSchema)]
pub(super) struct AbandonoCuerpo {
    /// 1 to 500 characters; kept with the saga.
    motivo: String,
}

/// Where a saga is after a person's word.
#[derive(Serialize, ToSchema)]
pub(super) struct SagaDicha {
    #[schema(value_type = uuid::Uuid)]
    id_ingesta: IdIngesta,
    /// Its state, before anything that it causes has happened.
    #[schema(value_type = Option<String>, example = "Limpiando")]
    estado: Option<EstadoSaga>,
}

/// The sagas, in the order of their ingestas.
#[utoipa::path(get, path = "/operacion/sagas", tag = "operación",
    params(
        ("estado" = Option<String>, Query, description = "Only those in this state"),
        ("todas" = Option<bool>, Query, description = "Also those that have ended"),
        ("cursor" = Option<String>, Query,
            description = "Where to go on, from the `Link` of the answer before"),
    ),
    responses(
        (status = 200, description = "At most a hundred; there may be fewer, even none, although \
            `Link` names a next page", body = Vec<FilaSaga>, headers(("Link" = String))),
        (status = 400, description = "A parameter is refused or unknown", body = Problema),
        (status = 503, description = "Not now", body = Problema),
    ))]
pub(super) async fn todas(
    State(app): State<AppState>,
    asked: Uri,
    QueryParams(pedidas): QueryParams<Pedidas>,
) -> Result<Response, Problem> {
    let estado = pedidas.estado.as_deref().map(estado).transpose()?;
    let mut after = pedidas.cursor.as_deref().map(cursor).transpose()?;
    let wanted = |fila: &FilaSaga| match estado {
        Some(estado) => fila.estado == estado,
        None => pedidas.todas == Some(true) || !fila.estado.es_final(),
    };
    let view = app.consultas.lecturas().sagas.view();
    let (mut found, mut ended) = (Vec::new(), false);
    'pages: for _ in 0..PAGES {
        let page = view.page(after.as_deref(), PAGE).await;
        let page = page.map_err(|error| sin_respuesta(ConsultaError::Vista(error)))?;
        let last = page.len() < PAGE as usize;
        for row in page {
            if found.len() == LIMITE {
                break 'pages;
            }
            after = Some(row.id);
            found.extend(row.state.fila().filter(wanted));
        }
        if last {
            ended = true;
            break;
        }
    }
    let mut answer = privado(Json(found).into_response());
    if let Some(last) = after.filter(|_| !ended) {
        let next = Cursor::after(last).encode(LISTA);
        let link = next_page_link(&asked, "cursor", &next);
        answer.headers_mut().insert(header::LINK, link);
    }
    Ok(answer)
}

/// Try again what a saga waits for.
#[utoipa::path(post, path = "/operacion/sagas/{id}/reintentar", tag = "operación",
    params(("id" = uuid::Uuid, Path, description = "Whose saga"),
        ("Idempotency-Key" = Option<String>, Header,
            description = "Names the wish: a repeat changes nothing")),
    responses(
        (status = 202, description = "It is stored, and will be done", body = SagaDicha),
        (status = 400, description = "Malformed id, or a query parameter", body = Problema),
        (status = 404, description = "No such saga", body = Problema),
        (status = 409, description = "Its state forbids it", body = Problema),
        (status = 422, description = "The key was used for another wish", body = Problema),
        (status = 503, description = "Not now, or the outcome is unknown", body = Problema),
    ))]
pub(super) async fn reintentar(
    State(app): State<AppState>,
    PathId(id): PathId<IdIngesta>,
    _: NoQueryParams,
    circunstancias: Circunstancias,
) -> Result<Response, Problem> {
    oir(&app, id, Heard::Retry, &circunstancias).await
}

/// Give a saga up: nobody will revert what is left.
#[utoipa::path(post, path = "/operacion/sagas/{id}/abandonar", tag = "operación",
    request_body = AbandonoCuerpo,
    params(("id" = uuid::Uuid, Path, description = "Whose saga"),
        ("Idempotency-Key" = Option<String>, Header,
            description = "Names the wish: a repeat changes nothing")),
    responses(
        (status = 202, description = "It is stored, and will be done", body = SagaDicha),
        (status = 400, description = "Malformed, a query parameter, or the reason is refused",
            body = Problema),
        (status = 404, description = "No such saga", body = Problema),
        (status = 409, description = "Its state forbids it", body = Problema),
        (status = 413, description = "Body too large", body = Problema),
        (status = 415, description = "Not JSON", body = Problema),
        (status = 422, description = "The key was used for another wish", body = Problema),
        (status = 503, description = "Not now, or the outcome is unknown", body = Problema),
    ))]
pub(super) async fn abandonar(
    State(app): State<AppState>,
    PathId(id): PathId<IdIngesta>,
    _: NoQueryParams,
    circunstancias: Circunstancias,
    JsonBody(cuerpo): JsonBody<AbandonoCuerpo>,
) -> Result<Response, Problem> {
    let heard = Heard::Abandon {
        reason: cuerpo.motivo,
    };
    oir(&app, id, heard, &circunstancias).await
}

async fn oir(
    app: &AppState,
    id: IdIngesta,
    heard: HeardBy<Proceso>,
    circunstancias: &Circunstancias,
) -> Result<Response, Problem> {
    let command_id = circunstancias.command_id();
    // Without a key each request is a new wish.
    let name = command_id.unwrap_or_else(|| format!("http/{}", Uuid::now_v7()));
    let actor = circunstancias.context().metadata.actor;
    let who = (name, actor.as_deref().unwrap_or(ACTOR));
    let told = decir((&app.operacion.storage, &app.sagas), id, heard, who).await;
    let body = SagaDicha {
        id_ingesta: id,
        estado: told.map_err(saga_sin_oir)?,
    };
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

fn estado(text: &str) -> Result<EstadoSaga, Problem> {
    let mut all = EstadoSaga::TODOS.into_iter();
    all.find(|state| state.as_str() == text).ok_or_else(|| {
        let all = EstadoSaga::TODOS.map(EstadoSaga::as_str).join(", ");
        let detail = format!("estado debe ser uno de: {all}");
        Problem::bad_request("estado_desconocido", detail).with("campo", "estado")
    })
}

fn cursor(text: &str) -> Result<String, Problem> {
    Cursor::decode(text, LISTA).map(|cursor| cursor.last_key().to_owned())
}
