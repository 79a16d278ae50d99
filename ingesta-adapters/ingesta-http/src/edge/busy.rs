//! How many requests are answered at once: one more is told to come back.
//!
//! Promises: a request that is refused has done nothing, and says when to try again; a permit is
//! held until the handler has answered, and not while a client takes its answer.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use crate::{Problem, RetryAfter};

/// A number of requests at once.
///
/// ```
/// use axum::{Router, middleware, routing::get};
/// use ingesta_http::edge::{Busy, shed};
///
/// // The 257th at once is answered 503 `saturado`, with `Retry-After: 1`.
/// let _app: Router = Router::new()
///     .route("/things", get(async || "things"))
///     .layer(middleware::from_fn_with_state(Busy::new(256), shed));
/// ```
#[derive(Clone, Debug)]
pub struct Busy(Arc<Semaphore>);

impl Busy {
    /// At most `requests` at once; at least 1.
    #[must_use]
    pub fn new(requests: usize) -> Self {
        Self(Arc::new(Semaphore::new(requests.max(1))))
    }
}

/// A layer that refuses what is too much.
pub async fn shed(State(busy): State<Busy>, request: Request, next: Next) -> Response {
    match busy.0.try_acquire() {
        Ok(_permit) => next.run(request).await,
        Err(_) => Problem::unavailable(
            "saturado",
            "el servicio atiende ya tantas peticiones como puede: intente más tarde",
            RetryAfter::from_secs(1),
        )
        .into_response(),
    }
}
