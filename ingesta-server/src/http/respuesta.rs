//! The answer to a command that was taken: 202, where it is in the log, and what became of it.
//!
//! Promises: `posicion` is the consistency token of `?desde=`; the `ETag` is the version after the
//! command. With `Prefer: wait=N` it comes when the views hold the command, or when the wait is
//! over: what was stored is stored either way.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ingesta_event_store::Executed;
use ingesta_http::{AppliedWait, Problem, VersionTag};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::comandos::ComandoDeIngesta;

/// The answer to a new ingesta.
#[derive(Serialize, ToSchema)]
pub(super) struct Creada {
    /// Which ingesta.
    #[schema(value_type = uuid::Uuid)]
    id_ingesta: String,
    /// Where in the log; opaque, for `?desde=`.
    #[schema(example = "807-5")]
    posicion: String,
    /// The version after the command; also the `ETag`.
    version: u64,
    /// The state after the command.
    #[schema(example = "Creada")]
    estado: &'static str,
}

/// The answer to any other command.
#[derive(Serialize, ToSchema)]
pub(super) struct Aceptado {
    #[serde(flatten)]
    creada: Creada,
    /// True if this request changed nothing, because the command was done before.
    ya_realizado: bool,
}

/// The answer to `CrearIngesta`. A repeat with the same key is answered with the same words.
pub(super) async fn aceptada<C: ComandoDeIngesta>(
    app: &AppState,
    executed: Executed,
    wait: Option<AppliedWait>,
) -> Result<Response, Problem> {
    let location = format!("/ingesta/consulta-por-id/{}", executed.stream.aggregate_id);
    let location = HeaderValue::try_from(location)
        .map_err(|_| Problem::internal("a stored id is not header text"))?;
    let body = Json(cuerpo::<C>(&executed));
    let tag = VersionTag(executed.version);
    let mut answer = match esperar(app, &executed, wait).await {
        Some(applied) => (StatusCode::ACCEPTED, tag, applied, body).into_response(),
        None => (StatusCode::ACCEPTED, tag, body).into_response(),
    };
    answer.headers_mut().insert(header::LOCATION, location);
    Ok(answer)
}

/// The answer to a change of an ingesta.
pub(super) async fn aceptado<C: ComandoDeIngesta>(
    app: &AppState,
    executed: Executed,
    wait: Option<AppliedWait>,
) -> Response {
    let ya_realizado = executed.already_done;
    let body = Json(Aceptado {
        creada: cuerpo::<C>(&executed),
        ya_realizado,
    });
    let tag = VersionTag(executed.version);
    match esperar(app, &executed, wait).await {
        Some(applied) => (StatusCode::ACCEPTED, tag, applied, body).into_response(),
        None => (StatusCode::ACCEPTED, tag, body).into_response(),
    }
}

fn cuerpo<C: ComandoDeIngesta>(executed: &Executed) -> Creada {
    Creada {
        id_ingesta: executed.stream.aggregate_id.clone(),
        posicion: executed.position.to_string(),
        version: executed.version,
        estado: C::ESTADO.as_str(),
    }
}

/// Waits as the client wished. A view that is late or a store that does not answer now changes
/// nothing about the command, so neither turns the answer into a refusal.
async fn esperar(
    app: &AppState,
    executed: &Executed,
    wait: Option<AppliedWait>,
) -> Option<AppliedWait> {
    let wait = wait?;
    let lecturas = app.consultas.lecturas();
    if let Err(error) = lecturas.alcanzar(executed.position, wait.duration()).await {
        tracing::warn!(%error, "a client's wait for the views was cut short");
    }
    Some(wait)
}
