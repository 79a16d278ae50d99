//! `PathId`: the one id in a route, parsed.
//!
//! Promises: a malformed id is a 400 problem (`id_malformado`) that does not quote it.
//! It does not read routes with more than one parameter: that is a mistake of the program and is
//! answered, and logged, as a 500.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::Problem;

/// The single path parameter of the route as a `T`.
///
/// ```
/// use axum::{Router, routing::get};
/// use ingesta_http::PathId;
///
/// async fn show(PathId(id): PathId<u64>) -> String {
///     id.to_string()
/// }
/// // `/things/7` is answered, `/things/seven` is refused with 400 `id_malformado`.
/// let _app: Router = Router::new().route("/things/{id}", get(show));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct PathId<T>(pub T);

impl<T, S> FromRequestParts<S> for PathId<T>
where
    T: FromStr,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(text)) => text,
            Err(refused) if refused.status().is_client_error() => return Err(malformed()),
            Err(_) => return Err(Problem::internal("PathId needs a route with one parameter")),
        };
        text.parse().map(Self).map_err(|_| malformed())
    }
}

fn malformed() -> Problem {
    Problem::bad_request("id_malformado", "el identificador de la ruta no es válido")
}
