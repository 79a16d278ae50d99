//! Messages that were put aside, with their reasons; sent again, or deleted for ever.
//!
//! Promises: sizes and names of headers, never what is in a message; only topics that this server
//! reads; one letter at a time, so that nobody deletes what has not been looked at.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use ingesta_http::{JsonBody, NoQueryParams, Problem, RetryAfter};
use ingesta_kafka::connect::KafkaError;
use ingesta_kafka::dead_letters::{DeadLetter, DeadLetterId, Which};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::esquemas::Problema;
use super::sin_broker;
use crate::app::AppState;
use crate::operacion::apartados::Apartados;

/// Letters of one topic in an answer.
const MOST: usize = 100;

/// Whose messages were put aside.
#[derive(Serialize, ToSchema)]
pub(super) struct TopicoConApartados {
    #[schema(example = "comando-crear-ingesta")]
    topic: String,
    /// The first hundred, by name.
    letters: Vec<Carta>,
    /// Whether there are more.
    more: bool,
}

/// A message that was put aside.
#[derive(Serialize, ToSchema)]
pub(super) struct Carta {
    /// `topic/partition/offset` of the message.
    name: String,
    /// Why, as a short word.
    code: String,
    /// Why, as a sentence without data.
    reason: String,
    at: DateTime<Utc>,
    /// How often it was sent again before.
    replays: u32,
    /// Bytes of the message; absent: it has no content.
    value_bytes: Option<usize>,
}

impl From<DeadLetter> for Carta {
    fn from(letter: DeadLetter) -> Self {
        Self {
            name: letter.id.to_string(),
            code: letter.code,
            reason: letter.reason,
            at: letter.at,
            replays: letter.replays,
            value_bytes: letter.value_bytes,
        }
    }
}

/// Which message.
#[derive(Deserialize, ToSchema)]
pub(super) struct CartaCuerpo {
    #[schema(example = "comando-crear-ingesta/0/17")]
    name: String,
}

/// The messages that were put aside, by topic.
#[utoipa::path(get, path = "/operacion/apartados", tag = "operación",
    responses(
        (status = 200, description = "Each topic that this server reads",
            body = Vec<TopicoConApartados>),
        (status = 400, description = "A query parameter", body = Problema),
        (status = 409, description = "There is no broker", body = Problema),
        (status = 503, description = "The broker does not answer", body = Problema),
    ))]
pub(super) async fn todos(
    State(app): State<AppState>,
    _: NoQueryParams,
) -> Result<Json<Vec<TopicoConApartados>>, Problem> {
    let apartados = de(&app)?;
    let mut rows = Vec::new();
    for topic in &apartados.topics {
        let page = apartados.letters.list(topic, None, MOST).await;
        let page = page.map_err(|error| broker(&error))?;
        rows.push(TopicoConApartados {
            topic: topic.clone(),
            more: page.next.is_some(),
            letters: page.letters.into_iter().map(Into::into).collect(),
        });
    }
    Ok(Json(rows))
}

/// Send a message again to where it was, and forget that it was put aside.
#[utoipa::path(post, path = "/operacion/apartados/repetir", tag = "operación",
    request_body = CartaCuerpo,
    responses(
        (status = 204, description = "It was sent"),
        (status = 400, description = "Malformed, or a query parameter", body = Problema),
        (status = 404, description = "No such message was put aside", body = Problema),
        (status = 409, description = "There is no broker", body = Problema),
        (status = 413, description = "Body too large", body = Problema),
        (status = 415, description = "Not JSON", body = Problema),
        (status = 503, description = "The broker does not answer", body = Problema),
    ))]
pub(super) async fn repetir(
    State(app): State<AppState>,
    _: NoQueryParams,
    JsonBody(cuerpo): JsonBody<CartaCuerpo>,
) -> Result<StatusCode, Problem> {
    let apartados = de(&app)?;
    let which = carta(apartados, &cuerpo.name)?;
    alguna(apartados.letters.replay(&which).await)
}

/// Delete a message for ever.
#[utoipa::path(post, path = "/operacion/apartados/descartar", tag = "operación",
    request_body = CartaCuerpo,
    responses(
        (status = 204, description = "It is gone"),
        (status = 400, description = "Malformed, or a query parameter", body = Problema),
        (status = 404, description = "No such message was put aside", body = Problema),
        (status = 409, description = "There is no broker", body = Problema),
        (status = 413, description = "Body too large", body = Problema),
        (status = 415, description = "Not JSON", body = Problema),
        (status = 503, description = "The broker does not answer", body = Problema),
    ))]
pub(super) async fn descartar(
    State(app): State<AppState>,
    _: NoQueryParams,
    JsonBody(cuerpo): JsonBody<CartaCuerpo>,
) -> Result<StatusCode, Problem> {
    let apartados = de(&app)?;
    let which = carta(apartados, &cuerpo.name)?;
    alguna(apartados.letters.discard(&which).await)
}

fn de(app: &AppState) -> Result<&Apartados, Problem> {
    app.operacion.apartados.as_deref().ok_or_else(sin_broker)
}

fn carta(apartados: &Apartados, name: &str) -> Result<Which, Problem> {
    let id: DeadLetterId = name.parse().map_err(|_| {
        let detail = "name se escribe TOPICO/PARTICION/OFFSET, como en la lista";
        Problem::bad_request("mensaje_malformado", detail).with("campo", "name")
    })?;
    // Another program's letters are not this server's to send or to delete.
    let known = apartados.topics.contains(&id.topic);
    known.then_some(Which::One(id)).ok_or_else(ninguno)
}

fn alguna(done: Result<u64, KafkaError>) -> Result<StatusCode, Problem> {
    match done.map_err(|error| broker(&error))? {
        0 => Err(ninguno()),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}

fn ninguno() -> Problem {
    let detail = "no hay tal mensaje apartado; quizá alguien ya se ocupó de él";
    Problem::not_found("mensaje_no_apartado", detail)
}

fn broker(error: &KafkaError) -> Problem {
    let detail = "el broker de mensajes no responde como debe; repita la petición más tarde";
    Problem::unavailable("broker_no_disponible", detail, RetryAfter::from_secs(5))
        .with_internal(error.to_string())
}
