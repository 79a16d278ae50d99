//! The answers to requests that no handler takes: unknown route and wrong method.
//!
//! Promises: both are problems; the `Allow` header of a 405 is kept (axum adds it to the answer).
//! It does not echo the route that was asked for.

use axum::http::StatusCode;

use crate::Problem;

/// 404 for a route that does not exist; give it to `Router::fallback`.
pub async fn route_not_found() -> Problem {
    Problem::not_found("ruta_desconocida", "no existe esta ruta")
}

/// 405 for a route that exists with another method; give it to
/// `Router::method_not_allowed_fallback`, after the routes are added.
pub async fn method_not_allowed() -> Problem {
    let detail = "esta ruta no admite este método; los admitidos están en la cabecera Allow";
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "metodo_no_permitido",
        detail,
    )
}
