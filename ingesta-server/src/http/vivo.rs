//! The live feeds: what happens, while it happens, as server-sent events or over a web socket.
//!
//! Promises: three feeds for three audiences, each from any position on; a page of another site
//! opens no socket here.
//! Does not: hold anything back for a client that does not read; it comes back with its cursor.

use axum::Json;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::HeaderMap;
use axum::response::Response;
use ingesta_http::live::{Frame, WatchFrom, socket, sse};
use ingesta_http::{Problem, QueryParams};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::acceso::Quien;
use super::esquemas::Problema;
use super::origenes::puede_abrir;
use crate::acceso::Principal;
use crate::app::AppState;
use crate::mensajes::Esquema;

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// Where a feed begins.
#[derive(Deserialize)]
pub(super) struct Desde {
    /// `inicio`, or a position.
    desde: Option<String>,
}

/// The same, and what is told.
#[derive(Deserialize)]
pub(super) struct DesdeConTopicos {
    desde: Option<String>,
    /// Topics of events, separated by commas.
    topico: Option<String>,
}

/// What the feed of everything tells, unless topics are named.
pub(super) const ALL: &[Esquema] = &[Esquema::EventosIngesta, Esquema::EventosImagen];

/// Whatever happens to ingestas and their images.
///
/// Each event is one of the topic that it is named after: its data is the topic's message, as JSON.
/// With `Upgrade: websocket` the same over a web socket: each message is the same object, with
/// `topico` and `cursor` besides.
#[utoipa::path(
    get,
    path = "/bff/stream",
    tag = "en vivo",
    params(
        ("desde" = Option<String>, Query, description = "`inicio`, or the position behind which to \
            begin; without it, with what happens next"),
        ("topico" = Option<String>, Query, description = "Topics of events, separated by commas; \
            without it, eventos-ingesta and eventos-imagen"),
        ("Last-Event-ID" = Option<String>, Header, description = "The last id that was had; it \
            counts more than `desde`"),
    ),
    responses(
        (status = 200, description = "Events, for as long as they are taken",
            body = String, content_type = "text/event-stream"),
        (status = 400, description = "No such position or topic, or an unknown parameter",
            body = Problema),
        (status = 403, description = "A page of another site asks for a web socket",
            body = Problema),
        (status = 503, description = "Too many watch already, or the database is away",
            body = Problema),
    ),
)]
pub(super) async fn stream(
    State(app): State<AppState>,
    Quien(principal): Quien,
    QueryParams(asked): QueryParams<DesdeConTopicos>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, Problem> {
    let topics = topicos(asked.topico.as_deref())?;
    watch(
        &app,
        &principal,
        topics,
        asked.desde.as_deref(),
        &headers,
        upgrade,
    )
    .await
}

/// What failed and was undone.
#[utoipa::path(
    get,
    path = "/bff/stream/fails",
    tag = "en vivo",
    params(
        ("desde" = Option<String>, Query, description = "As for /bff/stream"),
        ("Last-Event-ID" = Option<String>, Header, description = "As for /bff/stream"),
    ),
    responses(
        (status = 200, description = "Events of evento-fallo-ingesta",
            body = String, content_type = "text/event-stream"),
        (status = 400, description = "No such position, or an unknown parameter", body = Problema),
        (status = 403, description = "A page of another site asks for a web socket",
            body = Problema),
        (status = 503, description = "Too many watch already, or the database is away",
            body = Problema),
    ),
)]
pub(super) async fn fails(
    State(app): State<AppState>,
    Quien(principal): Quien,
    QueryParams(asked): QueryParams<Desde>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, Problem> {
    let topics = vec![Esquema::EventoFalloIngesta];
    watch(
        &app,
        &principal,
        topics,
        asked.desde.as_deref(),
        &headers,
        upgrade,
    )
    .await
}

/// What waits for a person.
#[utoipa::path(
    get,
    path = "/bff/stream/admin",
    tag = "en vivo",
    params(
        ("desde" = Option<String>, Query, description = "As for /bff/stream"),
        ("Last-Event-ID" = Option<String>, Header, description = "As for /bff/stream"),
    ),
    responses(
        (status = 200, description = "Events of evento-alerta-ingesta",
            body = String, content_type = "text/event-stream"),
        (status = 400, description = "No such position, or an unknown parameter", body = Problema),
        (status = 403, description = "A page of another site asks for a web socket",
            body = Problema),
        (status = 503, description = "Too many watch already, or the database is away",
            body = Problema),
    ),
)]
pub(super) async fn admin(
    State(app): State<AppState>,
    Quien(principal): Quien,
    QueryParams(asked): QueryParams<Desde>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, Problem> {
    let topics = vec![Esquema::EventoAlertaIngesta];
    watch(
        &app,
        &principal,
        topics,
        asked.desde.as_deref(),
        &headers,
        upgrade,
    )
    .await
}

/// Which generation of the interface this is.
#[derive(Serialize, ToSchema)]
pub(super) struct Version {
    #[schema(value_type = String, example = "2")]
    version: &'static str,
}

/// Which generation of the interface this is.
#[utoipa::path(get, path = "/bff/version", tag = "en vivo",
    responses((status = 200, description = "Its number", body = Version)))]
pub(super) async fn version() -> Json<Version> {
    Json(Version { version: "2" })
}

async fn watch(
    app: &AppState,
    principal: &Principal,
    topics: Vec<Esquema>,
    desde: Option<&str>,
    headers: &HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, Problem> {
    let from = WatchFrom::of(headers, desde)?;
    let wanted = visible(principal, topics);
    match upgrade {
        Ok(upgrade) => {
            puede_abrir(&app.puerta.origins, headers)?;
            Ok(socket(upgrade, app.vivo.watch(from, wanted).await?))
        }
        Err(_not_a_socket) => Ok(sse(app.vivo.watch(from, wanted).await?)),
    }
}

/// What of these topics whoever watches may see.
pub(super) fn visible(
    principal: &Principal,
    topics: Vec<Esquema>,
) -> impl Fn(&Frame) -> bool + Send + Sync + 'static {
    let own = principal.solo().map(|id| id.to_string());
    move |frame| {
        // What names no provider is nobody's but the house's.
        let visible = own.is_none() || own.as_deref() == frame.owner();
        visible && topics.iter().any(|topic| topic.topic() == frame.topic())
    }
}

/// The topics of events that are named.
fn topicos(named: Option<&str>) -> Result<Vec<Esquema>, Problem> {
    let Some(named) = named else {
        return Ok(ALL.to_vec());
    };
    let events = EVENTS.iter();
    let known = |name: &str| events.clone().find(|event| event.topic() == name).copied();
    let named: Option<Vec<_>> = named.split(',').map(known).collect();
    named.ok_or_else(|| {
        let known: Vec<_> = EVENTS.iter().map(|event| event.topic()).collect();
        Problem::bad_request(
            "topico_desconocido",
            "no hay un tópico de eventos de ese nombre",
        )
        .with("campo", "topico")
        .with("admitidos", known)
    })
}

/// Every topic that a feed can tell.
const EVENTS: &[Esquema] = &[
    Esquema::EventosIngesta,
    Esquema::EventosImagen,
    Esquema::EventoIngestaCreada,
    Esquema::EventoIngestaEliminada,
    Esquema::EventoFalloIngesta,
    Esquema::EventoIngestaRevertida,
    Esquema::EventoAlertaIngesta,
];
