//! `QueryParams`: the query string as a `T`, refused with a problem; `NoQueryParams`: without one.
//!
//! Promises: a parameter that `T` does not have is a 400 `parametro_desconocido` with `admitidos`,
//! for to ignore `?Version=1` would answer another question than was asked; the others are a 400
//! `parametros_invalidos`. No value is repeated, and of the names that a client made up only a plain
//! word, which cannot be an id, a number or an address.
//! It does not read repeated parameters into lists: serde's form has none. Where `T` is not a plain
//! struct its names are not known, and nothing is unknown.

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
/// // `?limit=many` is refused with 400 `parametros_invalidos`, `campo` being `limit`; `?Limit=7`
/// // with 400 `parametro_desconocido`, `admitidos` being `["limit"]`.
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
        if let Some(names) = field_names::<T>() {
            only(names, parts)?;
        }
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(value)| Self(value))
            .map_err(|refused| refusal::<T>(&refused))
    }
}

/// A request without query parameters.
///
/// For what changes something: a wish that is ignored there, as in `?if-match=3`, is worse than a
/// refusal.
///
/// ```
/// use axum::{Router, routing::post};
/// use ingesta_http::NoQueryParams;
///
/// // `/things/7/drop?version=3` is refused with 400 `parametro_desconocido`.
/// async fn drop_it(_: NoQueryParams) -> &'static str {
///     "done"
/// }
/// let _app: Router = Router::new().route("/things/{id}/drop", post(drop_it));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct NoQueryParams;

impl<S: Send + Sync> FromRequestParts<S> for NoQueryParams {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        only(&[], parts)?;
        Ok(Self)
    }
}

/// Refuses the first parameter that is none of these.
fn only(names: &[&'static str], parts: &Parts) -> Result<(), Problem> {
    let Ok(Query(sent)) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri) else {
        return Err(Problem::bad_request(INVALID, MALFORMED));
    };
    let known = |name: &String| names.contains(&name.as_str());
    match sent
        .into_iter()
        .map(|(name, _)| name)
        .find(|name| !known(name))
    {
        Some(name) => Err(unknown(&name, names)),
        None => Ok(()),
    }
}

fn unknown(name: &str, names: &[&'static str]) -> Problem {
    let word = is_word(name);
    let what = if word {
        format!("el parámetro {name} no se conoce")
    } else {
        "un parámetro de la dirección no se conoce".to_owned()
    };
    let allowed = if names.is_empty() {
        "no se admite ninguno".to_owned()
    } else {
        format!("se admiten: {}", names.join(", "))
    };
    let problem = Problem::bad_request("parametro_desconocido", format!("{what}; {allowed}"));
    let problem = if word {
        problem.with("campo", name)
    } else {
        problem
    };
    problem.with("admitidos", names)
}

/// Letters alone, as a parameter's name has them: no id, no number, no address.
fn is_word(name: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-');
    (1..=32).contains(&name.len()) && name.bytes().all(letter)
}

const INVALID: &str = "parametros_invalidos";
const MALFORMED: &str = "los parámetros de la dirección no son válidos";

fn refusal<T: DeserializeOwned>(refused: &(dyn Error + 'static)) -> Problem {
    let code = INVALID;
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
        None => Problem::bad_request(code, MALFORMED),
    }
}
