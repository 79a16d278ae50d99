//! `POST /ingesta/{id}/...`: the commands that change an ingesta, one door each.
//!
//! Promises: `If-Match` is honoured where it comes (412); it may be absent, because every command
//! is guarded by the state itself and its repeat does nothing, and the first systems' clients do
//! not send it. A command without fields reads no body. No door has query parameters, and one that
//! is sent is refused: whoever writes `?version=3` means a condition, and would not have it.

use axum::extract::State;
use axum::response::Response;
use chrono::Utc;
use ingesta_domain::ingesta::{
    AlertarIngesta, EliminarIngesta, FinalizarIngesta, IniciarProceso, RechazarIngesta,
    RevertirIngesta,
};
use ingesta_domain::valor::{IdIngesta, Motivo, MotivoRechazo};
use ingesta_http::{IfMatch, JsonBody, NoQueryParams, PathId, Problem};
use serde::Deserialize;
use utoipa::ToSchema;

use super::acceso::Visible;
use super::circunstancias::Circunstancias;
use super::esquemas::Problema;
use super::rechazo::{rechazo, valor};
use super::respuesta::{Aceptado, aceptado};
use super::saga::SinSagaEnCurso;
use crate::app::AppState;
use crate::comandos::ComandoDeIngesta;

/// Why, in free text.
#[derive(Deserialize, ToSchema)]
pub(super) struct MotivoCuerpo {
    /// 1 to 500 characters.
    motivo: String,
}

/// Why, in codes.
#[derive(Deserialize, ToSchema)]
pub(super) struct MotivosCuerpo {
    /// At least one.
    #[schema(example = json!(["bytes_invalidos"]))]
    motivos: Vec<String>,
}

async fn ejecutar<C: ComandoDeIngesta>(
    app: &AppState,
    id: IdIngesta,
    command: C,
    if_match: &IfMatch,
    circunstancias: &Circunstancias,
) -> Result<Response, Problem> {
    let mut context = circunstancias.context();
    context.expected_version = if_match.expected()?;
    let command_id = circunstancias.command_id();
    let ended = app
        .despachador
        .ejecutar(id, command, command_id, context)
        .await;
    Ok(aceptado::<C>(app, ended.map_err(rechazo)?, circunstancias.wait).await)
}

/// A door without a body, and a door with one: the same answers, the same headers. What a door has
/// besides looks at the request before it is opened.
macro_rules! puerta {
    ($(#[$doc:meta])* $handler:ident, $path:literal, $command:ident $(, $guard:ty)?) => {
        puerta!(@ $(#[$doc])* $handler, $path, (), [$(_: $guard,)?], [],
            $command { fecha: Utc::now() });
    };
    ($(#[$doc:meta])* $handler:ident, $path:literal, $body:ident,
     |$value:ident| $command:ident { $field:ident: $read:expr }) => {
        puerta!(@ $(#[$doc])* $handler, $path, $body, [JsonBody($value): JsonBody<$body>,],
            [request_body = $body,], $command { $field: $read, fecha: Utc::now() });
    };
    (@ $(#[$doc:meta])* $handler:ident, $path:literal, $body:ty, [$($extract:tt)*],
     [$($described:tt)*], $command:ident { $($fields:tt)* }) => {
        $(#[$doc])*
        #[utoipa::path(
            post,
            path = $path,
            tag = "comandos",
            $($described)*
            params(
                ("id" = uuid::Uuid, Path, description = "Which ingesta"),
                ("If-Match" = Option<String>, Header,
                    description = "The version that the client has read"),
                ("Idempotency-Key" = Option<String>, Header,
                    description = "Names the command: a repeat is answered as the first time"),
                ("Prefer" = Option<String>, Header,
                    description = "`wait=N`: answer when the views hold it, at most 30 s"),
            ),
            responses(
                (status = 202, description = "Done, now or before", body = Aceptado,
                    headers(("ETag" = String))),
                (status = 400, description = "Malformed, a query parameter, or a value is refused",
                    body = Problema),
                (status = 404, description = "No such ingesta", body = Problema),
                (status = 409, description = "Its state forbids it", body = Problema),
                (status = 412, description = "It has another version", body = Problema),
                (status = 422, description = "The key was used for another wish", body = Problema),
                (status = 503, description = "Not now, or the outcome is unknown", body = Problema),
            ),
        )]
        pub(super) async fn $handler(
            State(app): State<AppState>,
            _: Visible,
            PathId(id): PathId<IdIngesta>,
            _: NoQueryParams,
            if_match: IfMatch,
            circunstancias: Circunstancias,
            $($extract)*
        ) -> Result<Response, Problem> {
            let command = $command { $($fields)* };
            ejecutar(&app, id, command, &if_match, &circunstancias).await
        }
    };
}

puerta!(
    /// Begin to process it.
    iniciar, "/ingesta/{id}/iniciar", IniciarProceso
);
puerta!(
    /// End it well. Where a saga leads it, that is a person's to say only when the saga asks one.
    finalizar, "/ingesta/{id}/finalizar", FinalizarIngesta, SinSagaEnCurso
);
puerta!(
    /// Withdraw it.
    eliminar, "/ingesta/{id}/eliminar", EliminarIngesta
);
puerta!(
    /// Refuse it.
    rechazar, "/ingesta/{id}/rechazar", MotivosCuerpo,
    |cuerpo| RechazarIngesta { motivos: motivos(&cuerpo)? }
);
puerta!(
    /// Undo it.
    revertir, "/ingesta/{id}/revertir", MotivoCuerpo,
    |cuerpo| RevertirIngesta { motivo: motivo(cuerpo)? }
);
puerta!(
    /// Flag it for a person.
    alertar, "/ingesta/{id}/alertar", MotivoCuerpo,
    |cuerpo| AlertarIngesta { motivo: motivo(cuerpo)? }
);

fn motivo(cuerpo: MotivoCuerpo) -> Result<Motivo, Problem> {
    Motivo::new(cuerpo.motivo).map_err(|error| valor(&error))
}

fn motivos(cuerpo: &MotivosCuerpo) -> Result<Vec<MotivoRechazo>, Problem> {
    if cuerpo.motivos.is_empty() {
        let detail = "un rechazo necesita al menos un motivo";
        return Err(Problem::bad_request("sin_motivos", detail).with("campo", "motivos"));
    }
    let read = cuerpo.motivos.iter().map(|code| code.parse());
    read.collect::<Result<_, _>>()
        .map_err(|error| valor(&error))
}
