//! GraphQL at `/bff/v1`: both generations of the first systems' operations, with ids in every answer.
//!
//! Promises: what it answers is what the other doors answer, to the same eyes; a query is bounded in
//! depth, breadth and cost before anything is read; a failure is an error with the other doors' code,
//! and names no address of this house.
//! Does not: hold a rule; commands and queries are the domain's.
//!
//! | room | what lives there |
//! |---|---|
//! | `tipos` | what is answered |
//! | `consultas` | questions |
//! | `comandos` | wishes |
//! | `sucesos` | what is told while it happens |
//! | `canal` | the web socket |

mod canal;
mod comandos;
mod consultas;
mod sucesos;
mod tipos;

use async_graphql::{Context, Error, ErrorExtensions as _, ID, Request, Schema, SchemaBuilder};
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use ingesta_domain::valor::IdIngesta;
use ingesta_http::{JsonBody, NoQueryParams, Problem};

use self::comandos::Comandos;
use self::consultas::Consultas;
use self::sucesos::Sucesos;
use super::acceso::Quien;
use super::circunstancias::Circunstancias;
use super::esquemas::Problema;
use super::origenes::puede_abrir;
use crate::acceso::Principal;
use crate::app::AppState;

/// Fields within fields, at most.
const DEPTH: usize = 10;
/// What a query may cost: a field is one, a page as many times its fields as it has rows.
const COMPLEXITY: usize = 10_000;
const DIRECTIVES: usize = 20;

/// The schema, with what answers it. Cheap to clone.
pub(super) type Esquema = Schema<Consultas, Comandos, Sucesos>;

fn builder() -> SchemaBuilder<Consultas, Comandos, Sucesos> {
    Schema::build(Consultas, Comandos, Sucesos)
        .limit_depth(DEPTH)
        .limit_complexity(COMPLEXITY)
        .limit_directives(DIRECTIVES)
        .disable_suggestions()
}

/// The schema of this server.
pub(super) fn esquema(app: &AppState) -> Esquema {
    builder().data(app.clone()).finish()
}

/// The schema in its own language, as it is committed and served.
#[must_use]
pub fn sdl() -> String {
    builder().finish().sdl()
}

/// A query, a mutation, or an introspection.
#[utoipa::path(
    post,
    path = "/bff/v1",
    tag = "graphql",
    request_body(content = Object, description = "`query`, and where there are any `variables` and \
        `operationName`"),
    responses(
        (status = 200, description = "`data` and `errors`, as GraphQL has it; each error has a \
            `code` in its `extensions`", body = Object),
        (status = 400, description = "Not a GraphQL request", body = Problema),
        (status = 413, description = "Body too large", body = Problema),
        (status = 415, description = "Not JSON", body = Problema),
    ),
)]
pub(super) async fn preguntar(
    Extension(esquema): Extension<Esquema>,
    Quien(principal): Quien,
    _: NoQueryParams,
    circunstancias: Circunstancias,
    JsonBody(request): JsonBody<Request>,
) -> Response {
    let request = request.data(principal).data(circunstancias);
    Json(esquema.execute(request).await).into_response()
}

/// The schema in its own language; with `Upgrade: websocket`, subscriptions.
///
/// The protocol is `graphql-transport-ws`. A browser, which sends no headers of its own, shows who it
/// is in `connection_init`, as `{"authorization": "Bearer ..."}`.
#[utoipa::path(
    get,
    path = "/bff/v1",
    tag = "graphql",
    responses(
        (status = 200, description = "The schema", body = String, content_type = "text/plain"),
        (status = 403, description = "A page of another site asks for a web socket",
            body = Problema),
    ),
)]
pub(super) async fn mirar(
    State(app): State<AppState>,
    Extension(esquema): Extension<Esquema>,
    headers: HeaderMap,
    circunstancias: Circunstancias,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    match upgrade {
        Ok(upgrade) => {
            puede_abrir(&app.puerta.origins, &headers)?;
            Ok(canal::abrir(upgrade, esquema, app, headers, circunstancias))
        }
        Err(_not_a_socket) => {
            let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
            Ok((plain, esquema.sdl()).into_response())
        }
    }
}

fn app<'c>(context: &Context<'c>) -> Result<&'c AppState, Error> {
    context.data::<AppState>()
}

fn quien<'c>(context: &Context<'c>) -> Result<&'c Principal, Error> {
    context.data::<Principal>()
}

/// The id that an argument of this name holds.
fn id_de(argument: &str, id: &ID) -> Result<IdIngesta, Error> {
    let detail = || format!("{argument} no es un uuid");
    let read = id.parse();
    read.map_err(|_| error(&Problem::bad_request("id_malformado", detail())))
}

/// In the words of the other doors.
fn error(problem: &Problem) -> Error {
    if let Some(internal) = problem.internal_text() {
        tracing::warn!(code = problem.code(), internal, "graphql");
    }
    let status = problem.status().as_u16();
    Error::new(problem.detail().to_owned()).extend_with(|_, extensions| {
        extensions.set("code", problem.code());
        extensions.set("status", status);
    })
}
