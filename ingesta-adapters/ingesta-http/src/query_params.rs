//! `QueryParams`: the query string as a `T`, refused with a problem.
//!
//! Promises: 400 `parametros_invalidos`; names the parameter only where it is a field of `T`, and
//! never its value.
//! It does not read repeated parameters into lists: serde's form has none.

use std::error::Error;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::Problem;
use crate::field_names::field_names;
use crate::json_refusal::known_name;

/// The query parameters of a request.
///
/// ```
/// use ingesta_http::QueryParams;
///
/// #[derive(serde::Deserialize)]
/// struct Page {
///     limit: Option<u16>,
/// }
///
/// // `?limit=many` is refused with 400 `parametros_invalidos`, `campo` being `limit`.
/// async fn list(QueryParams(page): QueryParams<Page>) -> String {
///     page.limit.unwrap_or(50).to_string()
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct QueryParams<T>(pub T);

impl<T, S> FromRequestParts<S> for QueryParams<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(value)| Self(value))
            .map_err(|refused| refusal::<T>(&refused))
    }
}

fn refusal<T: DeserializeOwned>(refused: &(dyn Error + 'static)) -> Problem {
    let code = "parametros_invalidos";
    // The innermost cause reads `<parameter>: <message>`, or only `<message>`. Read, never sent.
    let mut cause = refused;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let text = cause.to_string();
    if let Some(name) = known_name(&text, "missing field `") {
        let detail = format!("falta el parámetro {name}");
        return Problem::bad_request(code, detail).with("campo", name);
    }
    let names = field_names::<T>().unwrap_or_default();
    let prefix = text.split(": ").next().unwrap_or_default();
    match names.iter().find(|known| **known == prefix) {
        Some(name) => {
            let detail = format!("el parámetro {name} no tiene la forma esperada");
            Problem::bad_request(code, detail).with("campo", *name)
        }
        None => Problem::bad_request(code, "los parámetros de la dirección no son válidos"),
    }
}
