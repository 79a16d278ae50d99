//! `JsonBody`: the body of a request as a `T`, with every refusal a problem.
//!
//! Promises: wrong or missing media type 415, larger than the limit 413, malformed or of another
//! shape 400, and none of them quotes what was sent. The limit is axum's `DefaultBodyLimit`.
//! It does not accept compressed bodies. An array in the place of the whole body is refused where `T` is
//! a struct; deeper down, serde reads one as the fields in order, unless the type forbids it.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::Problem;
use crate::edge::too_large;
use crate::header_text::single;
use crate::json_refusal::read_json;

/// A JSON body.
///
/// ```
/// use axum::{Router, extract::DefaultBodyLimit, routing::post};
/// use ingesta_http::JsonBody;
///
/// #[derive(serde::Deserialize)]
/// struct Rename {
///     name: String,
/// }
///
/// async fn rename(JsonBody(body): JsonBody<Rename>) -> String {
///     body.name
/// }
/// // `{}` is refused with 400 `campo_ausente`: "falta el campo name".
/// let _app: Router =
///     Router::new().route("/rename", post(rename)).layer(DefaultBodyLimit::max(64 * 1024));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct JsonBody<T>(pub T);

/// A JSON body together with its bytes as they came, for a fingerprint of the request.
#[derive(Clone)]
pub struct RawJsonBody<T> {
    /// What the body says.
    pub value: T,
    /// The body as it came.
    pub raw: Bytes,
}

impl<T, S> FromRequest<S> for JsonBody<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = json_bytes(request, state).await?;
        read_json(&bytes).map(Self)
    }
}

impl<T, S> FromRequest<S> for RawJsonBody<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let raw = json_bytes(request, state).await?;
        let value = read_json(&raw)?;
        Ok(Self { value, raw })
    }
}

async fn json_bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    // Before the body is read: a client that sends a film need not finish sending it.
    if !is_json(request.headers()) {
        let detail = "el cuerpo debe enviarse con Content-Type: application/json";
        return Err(Problem::unsupported_media_type(
            "tipo_de_contenido_no_admitido",
            detail,
        ));
    }
    Bytes::from_request(request, state)
        .await
        .map_err(|refused| {
            if refused.status() == StatusCode::PAYLOAD_TOO_LARGE {
                too_large()
            } else {
                let detail = "el cuerpo no llegó completo";
                Problem::bad_request("cuerpo_incompleto", detail)
            }
        })
}

/// `application/json` or `application/<anything>+json`, with or without parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let Ok(Some(text)) = single(headers, "content-type") else {
        return false;
    };
    let essence = text
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let Some(subtype) = essence.strip_prefix("application/") else {
        return false;
    };
    subtype == "json"
        || subtype
            .strip_suffix("+json")
            .is_some_and(|name| !name.is_empty())
}
