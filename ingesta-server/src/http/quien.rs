//! `GET /bff/quien`: who asks, so that a page can show what they may do.

use axum::Json;
use axum::extract::State;
use ingesta_domain::valor::IdProveedor;
use ingesta_http::{NoQueryParams, Problem};
use serde::Serialize;
use utoipa::ToSchema;

use super::acceso::Quien;
use super::esquemas::Problema;
use crate::app::AppState;

/// Who asks.
#[derive(Serialize, ToSchema)]
pub(super) struct QuienPregunta {
    /// The name of the key or token; absent where everybody is let in.
    nombre: Option<String>,
    /// `proveedor`, `operador` or `admin`.
    #[schema(value_type = String, example = "operador")]
    papel: &'static str,
    /// Whose ingestas it sees; absent: all.
    #[schema(value_type = Option<uuid::Uuid>)]
    id_proveedor: Option<IdProveedor>,
    /// True where everybody is let in, which only a loopback address allows.
    abierto: bool,
}

/// Who asks.
#[utoipa::path(get, path = "/bff/quien", tag = "acceso",
    responses(
        (status = 200, description = "Whoever the key or token says", body = QuienPregunta),
        (status = 400, description = "A query parameter", body = Problema),
    ))]
pub(super) async fn quien(
    State(app): State<AppState>,
    Quien(principal): Quien,
    _: NoQueryParams,
) -> Result<Json<QuienPregunta>, Problem> {
    let abierto = app.puerta.guardia.esta_abierto();
    Ok(Json(QuienPregunta {
        nombre: (!abierto).then(|| principal.nombre().to_owned()),
        papel: principal.rol().as_str(),
        id_proveedor: principal.solo(),
        abierto,
    }))
}
