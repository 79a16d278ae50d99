//! A handler that panics is answered with a 500 problem instead of a closed connection.
//!
//! Promises: the panic's own message is neither sent nor logged here, because it may quote a value.
//! It does not catch a panic while a body is streamed, nor in a task that the handler spawned; and
//! it cannot hold in a build with `panic = "abort"`.

use std::panic::AssertUnwindSafe;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;

use crate::Problem;

/// Give it to `axum::middleware::from_fn` as the outermost layer.
///
/// The log names the route's pattern (never the path with its ids).
pub async fn panic_to_problem(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    // Nothing that the handler touched is used again here, so a broken invariant cannot be seen.
    let caught = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    caught.unwrap_or_else(|_panic| {
        let route = route
            .as_ref()
            .map_or("an unknown route", MatchedPath::as_str);
        Problem::internal(format!("the handler of {route} panicked")).into_response()
    })
}
