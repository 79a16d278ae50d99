//! `Problem`: a refusal as RFC 9457 describes it, with the members that our clients match on.
//!
//! Promises: two texts that never mix, one for the client and one for the log; `code` is a constant
//! of the program, never built from input; an `error` member is always there.
//! How each status is made is in `problem_builders`, how it is sent and logged in
//! `problem_response`. It does not translate: the texts given are the texts sent.

use std::borrow::Cow;
use std::error::Error;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value};

use crate::RetryAfter;

/// A refusal, answered as `application/problem+json`.
///
/// # Examples
///
/// ```
/// use ingesta_http::Problem;
///
/// let refused = Problem::conflict("estado_no_permite", "una ingesta pendiente no se elimina")
///     .with("estado", "Pendiente");
/// assert_eq!(refused.status().as_u16(), 409);
/// assert_eq!(refused.code(), "estado_no_permite");
///
/// // What only the operator may read is never part of the answer.
/// let failed = Problem::internal("append failed: connection refused");
/// assert!(!failed.detail().contains("connection"));
/// ```
#[derive(Debug, thiserror::Error)]
#[error("the request was refused: {} {}", .parts.status, .parts.code)]
pub struct Problem {
    // Boxed, so that `Result<_, Problem>` stays small in every handler.
    pub(crate) parts: Box<Parts>,
}

#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) type_uri: Cow<'static, str>,
    pub(crate) title: &'static str,
    pub(crate) detail: String,
    pub(crate) error: Option<String>,
    pub(crate) instance: Option<String>,
    pub(crate) members: Map<String, Value>,
    pub(crate) headers: HeaderMap,
    pub(crate) internal: Option<String>,
}

impl Problem {
    /// A problem of any status.
    ///
    /// `code` is stable `snake_case`, matched by clients; `detail` is Spanish and tells the client
    /// what to do otherwise. `type` becomes `/problemas/<code>` until [`Problem::with_type`].
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let parts = Parts {
            status,
            code,
            type_uri: Cow::Owned(format!("/problemas/{code}")),
            title: crate::problem_builders::title_of(status),
            detail: detail.into(),
            error: None,
            instance: None,
            members: Map::new(),
            headers: HeaderMap::new(),
            internal: None,
        };
        Self {
            parts: Box::new(parts),
        }
    }

    /// Replaces the `type` member by another stable URI reference.
    #[must_use]
    pub fn with_type(mut self, uri: &'static str) -> Self {
        self.parts.type_uri = Cow::Borrowed(uri);
        self
    }

    /// Replaces the `title` member, which is otherwise the status in Spanish.
    #[must_use]
    pub fn with_title(mut self, title: &'static str) -> Self {
        self.parts.title = title;
        self
    }

    /// Sets the `error` member where an old client matches another text than `detail`.
    #[must_use]
    pub fn with_error(mut self, text: impl Into<String>) -> Self {
        self.parts.error = Some(text.into());
        self
    }

    /// Sets the `instance` member: a URI reference of this one occurrence.
    #[must_use]
    pub fn with_instance(mut self, uri: impl Into<String>) -> Self {
        self.parts.instance = Some(uri.into());
        self
    }

    /// Adds an extension member such as `estado`, `campo` or `posicion`.
    ///
    /// The standard members (`type`, `title`, `status`, `detail`, `instance`, `code`, `error`)
    /// cannot be replaced this way: they are written last.
    #[must_use]
    pub fn with(mut self, member: &'static str, value: impl Into<Value>) -> Self {
        self.parts.members.insert(member.to_owned(), value.into());
        self
    }

    /// Adds a response header, for example the current `ETag` to a 412.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.parts.headers.insert(name, value);
        self
    }

    /// Says when to come back: the `Retry-After` header and the `retry_after` member, in seconds.
    #[must_use]
    pub fn with_retry_after(self, after: RetryAfter) -> Self {
        self.with("retry_after", after.seconds())
            .with_header(axum::http::header::RETRY_AFTER, after.header_value())
    }

    /// Keeps a text for the log, which is written when a 5xx is answered; a 4xx drops it.
    #[must_use]
    pub fn with_internal(mut self, text: impl Into<String>) -> Self {
        self.parts.internal = Some(text.into());
        self
    }

    /// Keeps an error and all its causes, joined by `: `, for the log; never sent.
    ///
    /// ```
    /// let cause = std::io::Error::other("disk full");
    /// let problem = ingesta_http::Problem::internal("append failed").caused_by(&cause);
    /// assert_eq!(problem.internal_text(), Some("append failed: disk full"));
    /// ```
    #[must_use]
    pub fn caused_by(mut self, cause: &(dyn Error + 'static)) -> Self {
        let mut text = self.parts.internal.take().unwrap_or_default();
        let mut next = Some(cause);
        while let Some(error) = next {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&error.to_string());
            next = error.source();
        }
        self.parts.internal = Some(text);
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.parts.status
    }

    /// The stable code that clients match on.
    pub fn code(&self) -> &'static str {
        self.parts.code
    }

    /// The text for the client.
    pub fn detail(&self) -> &str {
        &self.parts.detail
    }

    /// The text for the log, if there is one.
    pub fn internal_text(&self) -> Option<&str> {
        self.parts.internal.as_deref()
    }
}
