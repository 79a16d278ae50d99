//! The reads: one ingesta, all of them in pages, the image of one.
//!
//! Promises: `?desde=` is a position that a command was answered with, and the answer reflects it
//! or is a 503; `?version=` and `?instante=` answer as it was then; any other parameter is a 400; an
//! unknown id is a 404 and a malformed one a 400; a page is an array, and the next one is named by
//! `Link`.

use std::num::NonZeroU32;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use ingesta_domain::consulta::{
    ObtenerImagen, ObtenerImagenPasada, ObtenerIngesta, ObtenerIngestaPasada, ObtenerTodasIngestas,
};
use ingesta_domain::valor::{EstadoIngesta, IdIngesta};
use ingesta_http::{Cursor, IfNoneMatch, PathId, Problem, QueryParams, VersionTag, next_page_link};
use serde::{Deserialize, Serialize};

use super::acceso::{Quien, Visible};
use super::esquemas::Problema;
use super::momento::{Cuando, Pedido, posicion};
use super::rechazo::{no_existe, sin_respuesta};
use crate::app::AppState;
use crate::vistas::{FilaImagen, FilaIngesta};

const LIMITE_MAXIMO: u32 = 500;
const LIMITE: NonZeroU32 = NonZeroU32::new(100).expect("a hundred is not zero");

/// Which ingestas come first.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Orden {
    /// As they were handed in.
    #[default]
    Antiguas,
    /// The newest.
    Recientes,
}

impl Orden {
    /// The list that a cursor belongs to.
    fn lista(self) -> &'static str {
        match self {
            Self::Antiguas => "ingestas",
            Self::Recientes => "ingestas-recientes",
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Pagina {
    /// Rows in a page: 1 to 500.
    limite: Option<u32>,
    /// Where the page begins, from the `Link` of the page before.
    cursor: Option<String>,
    /// Only those in this state.
    estado: Option<String>,
    /// Which first.
    orden: Option<Orden>,
    /// The position that the answer must reflect at least.
    desde: Option<String>,
}

/// One ingesta.
#[utoipa::path(
    get,
    path = "/ingesta/consulta-por-id/{id}",
    tag = "consultas",
    params(("id" = uuid::Uuid, Path, description = "Which ingesta"),
        ("desde" = Option<String>, Query,
            description = "The position that the answer must reflect at least"),
        ("version" = Option<u64>, Query,
            description = "As it was at this version; not together with the others"),
        ("instante" = Option<String>, Query, example = "2026-01-31T08:30:00-05:00",
            description = "As it was at this instant, RFC 3339; not together with the others"),
        ("If-None-Match" = Option<String>, Header, description = "The version at hand")),
    responses(
        (status = 200, description = "The ingesta", body = FilaIngesta,
            headers(("ETag" = String))),
        (status = 304, description = "The version at hand is the one that is asked for"),
        (status = 400, description = "Malformed id, position or moment, a future instant, or an \
            unknown parameter", body = Problema),
        (status = 404, description = "No such ingesta, not yet at that moment, or never at that \
            version", body = Problema),
        (status = 409, description = "The log does not know the times of its first events",
            body = Problema),
        (status = 503, description = "Not now", body = Problema),
    ),
)]
pub(super) async fn consulta_por_id(
    State(app): State<AppState>,
    _: Visible,
    PathId(id): PathId<IdIngesta>,
    QueryParams(cuando): QueryParams<Cuando>,
    at_hand: IfNoneMatch,
) -> Result<Response, Problem> {
    let consultas = &app.consultas;
    let found = match cuando.pedido()? {
        Pedido::Ahora(desde) => consultas.consultar(ObtenerIngesta { id }, desde).await,
        Pedido::Entonces(momento) => {
            let consulta = ObtenerIngestaPasada { id, momento };
            consultas.consultar(consulta, None).await
        }
    };
    let fila = found.map_err(sin_respuesta)?.ok_or_else(no_existe)?;
    Ok(fila_con_version(&at_hand, VersionTag(fila.version), fila))
}

/// The image of an ingesta.
#[utoipa::path(
    get,
    path = "/ingesta/{id}/imagen",
    tag = "consultas",
    params(("id" = uuid::Uuid, Path, description = "Which ingesta"),
        ("desde" = Option<String>, Query,
            description = "The position that the answer must reflect at least"),
        ("version" = Option<u64>, Query,
            description = "As it was at this version; not together with the others"),
        ("instante" = Option<String>, Query, example = "2026-01-31T08:30:00-05:00",
            description = "As it was at this instant, RFC 3339; not together with the others"),
        ("If-None-Match" = Option<String>, Header, description = "The version at hand")),
    responses(
        (status = 200, description = "Its image", body = FilaImagen, headers(("ETag" = String))),
        (status = 304, description = "The version at hand is the one that is asked for"),
        (status = 400, description = "Malformed id, position or moment, a future instant, or an \
            unknown parameter", body = Problema),
        (status = 404, description = "No such ingesta, not yet at that moment, or never at that \
            version", body = Problema),
        (status = 409, description = "The log does not know the times of its first events",
            body = Problema),
        (status = 503, description = "Not made yet, or not now", body = Problema),
    ),
)]
pub(super) async fn imagen(
    State(app): State<AppState>,
    _: Visible,
    PathId(id): PathId<IdIngesta>,
    QueryParams(cuando): QueryParams<Cuando>,
    at_hand: IfNoneMatch,
) -> Result<Response, Problem> {
    let (consultas, id_ingesta) = (&app.consultas, id);
    let found = match cuando.pedido()? {
        Pedido::Ahora(desde) => {
            let consulta = ObtenerImagen { id_ingesta };
            consultas.consultar(consulta, desde).await
        }
        Pedido::Entonces(momento) => {
            let consulta = ObtenerImagenPasada {
                id_ingesta,
                momento,
            };
            consultas.consultar(consulta, None).await
        }
    };
    let fila = found.map_err(sin_respuesta)?.ok_or_else(no_existe)?;
    Ok(fila_con_version(&at_hand, VersionTag(fila.version), fila))
}

/// All ingestas, a page at a time.
#[utoipa::path(
    get,
    path = "/ingesta/todas",
    tag = "consultas",
    params(
        ("limite" = Option<u32>, Query, description = "Rows in a page: 1 to 500, default 100"),
        ("cursor" = Option<String>, Query,
            description = "Where the page begins, from the `Link` of the page before"),
        ("estado" = Option<String>, Query, example = "Creada",
            description = "Only those in this state"),
        ("orden" = Option<String>, Query, example = "recientes",
            description = "`antiguas`, as they were handed in, which is the default; or `recientes`, \
                the newest first"),
        ("desde" = Option<String>, Query,
            description = "The position that the answer must reflect at least"),
    ),
    responses(
        (status = 200, description = "A page, in the order that was asked for",
            body = Vec<FilaIngesta>, headers(("Link" = String))),
        (status = 400, description = "A parameter is refused or unknown", body = Problema),
        (status = 503, description = "Not now", body = Problema),
    ),
)]
pub(super) async fn todas(
    State(app): State<AppState>,
    Quien(principal): Quien,
    asked: Uri,
    QueryParams(pagina): QueryParams<Pagina>,
) -> Result<Response, Problem> {
    let orden = pagina.orden.unwrap_or_default();
    let cursor = |text| cursor(text, orden.lista());
    let despues_de = pagina.cursor.as_deref().map(cursor).transpose()?;
    let consulta = ObtenerTodasIngestas {
        de: principal.solo(),
        estado: pagina.estado.as_deref().map(estado).transpose()?,
        recientes: matches!(orden, Orden::Recientes),
        despues_de,
        limite: limite(pagina.limite)?,
    };
    let found = app
        .consultas
        .consultar(consulta, posicion(pagina.desde)?)
        .await;
    let page = found.map_err(sin_respuesta)?;
    let mut answer = privado(Json(page.filas).into_response());
    if let Some(last) = page.siguiente {
        let next = Cursor::after(last.to_string()).encode(orden.lista());
        answer
            .headers_mut()
            .insert(header::LINK, next_page_link(&asked, "cursor", &next));
    }
    Ok(answer)
}

pub(super) fn fila_con_version(
    at_hand: &IfNoneMatch,
    current: VersionTag,
    fila: impl Serialize,
) -> Response {
    let whole = || (current, Json(fila)).into_response();
    privado(at_hand.not_modified(current).unwrap_or_else(whole))
}

/// What is read about a patient's image is nothing for shared caches.
pub(super) fn privado(mut answer: Response) -> Response {
    let value = HeaderValue::from_static("private, no-cache");
    answer.headers_mut().insert(header::CACHE_CONTROL, value);
    answer
}

fn limite(asked: Option<u32>) -> Result<NonZeroU32, Problem> {
    let Some(asked) = asked else {
        return Ok(LIMITE);
    };
    NonZeroU32::new(asked)
        .filter(|limite| limite.get() <= LIMITE_MAXIMO)
        .ok_or_else(|| {
            let detail = format!("limite debe estar entre 1 y {LIMITE_MAXIMO}");
            Problem::bad_request("limite_fuera_de_rango", detail).with("campo", "limite")
        })
}

fn estado(text: &str) -> Result<EstadoIngesta, Problem> {
    text.parse().map_err(|_| {
        let all = EstadoIngesta::TODOS.map(EstadoIngesta::as_str).join(", ");
        let detail = format!("estado debe ser uno de: {all}");
        Problem::bad_request("estado_desconocido", detail).with("campo", "estado")
    })
}

fn cursor(text: &str, lista: &str) -> Result<IdIngesta, Problem> {
    let key = Cursor::decode(text, lista)?;
    // Bound to this list and still not an id: not one of ours.
    key.last_key().parse().map_err(|_| {
        Problem::bad_request("cursor_invalido", "el cursor no es de esta lista")
            .with("campo", "cursor")
    })
}
