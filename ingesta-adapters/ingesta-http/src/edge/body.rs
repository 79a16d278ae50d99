//! A request's body, whole and in time, before its handler is called.
//!
//! Promises: a body that is too large is 413, one that does not come in time 408, one that breaks
//! off 400; a handler never waits for a client, and holds nothing while one is slow.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::Problem;

/// How much a client may send, and how long it may take.
///
/// ```
/// use std::time::Duration;
/// use axum::{Router, middleware, routing::post};
/// use ingesta_http::edge::{BodyLimits, whole_body};
///
/// let limits = BodyLimits { bytes: 64 * 1024, within: Duration::from_secs(30) };
/// // A body of 64 KiB and a byte is refused with 413 `cuerpo_demasiado_grande`.
/// let _app: Router = Router::new()
///     .route("/things", post(async |body: String| body))
///     .layer(middleware::from_fn_with_state(limits, whole_body));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimits {
    /// The largest body, in bytes.
    pub bytes: usize,
    /// From the head of the request to the last byte of its body. More than zero.
    pub within: Duration,
}

/// A layer that reads the body before it calls the handler.
pub async fn whole_body(
    State(limits): State<BodyLimits>,
    request: Request,
    next: Next,
) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    // What is announced as too large is not waited for.
    if body.size_hint().lower() > limits.bytes as u64 {
        return closing(too_large());
    }
    let read = Limited::new(body, limits.bytes).collect();
    match tokio::time::timeout(limits.within, read).await {
        Ok(Ok(whole)) => {
            let body = Body::from(whole.to_bytes());
            next.run(Request::from_parts(head, body)).await
        }
        Ok(Err(error)) if error.is::<LengthLimitError>() => closing(too_large()),
        Ok(Err(_)) => closing(Problem::bad_request(
            "cuerpo_incompleto",
            "el cuerpo no llegó completo",
        )),
        Err(_) => closing(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "cuerpo_lento",
            "el cuerpo no llegó a tiempo",
        )),
    }
}

pub(crate) fn too_large() -> Problem {
    let detail = "el cuerpo supera el tamaño que el servicio admite";
    Problem::payload_too_large("cuerpo_demasiado_grande", detail)
}

/// The rest of the body is not read, so the connection serves nobody any more.
fn closing(problem: Problem) -> Response {
    let close = HeaderValue::from_static("close");
    problem
        .with_header(header::CONNECTION, close)
        .into_response()
}
