//! `RequestId`: the `x-request-id` that a caller or a proxy gave.
//!
//! Promises: only 1 to 64 of `A-Z a-z 0-9 _ - .`, so it may be logged as it is.
//! It does not make one where none came, and anything else counts as none.

use std::convert::Infallible;

use axum::extract::OptionalFromRequestParts;
use axum::http::request::Parts;

use crate::header_text::single;

/// A request id that is safe to log. Take it as `Option<RequestId>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// Reads an id, or none where it is empty, too long or holds another character.
    ///
    /// ```
    /// use ingesta_http::RequestId;
    ///
    /// assert!(RequestId::parse("edge-1.42").is_some());
    /// assert!(RequestId::parse("two words").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let safe = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        ((1..=64).contains(&text.len()) && text.bytes().all(safe)).then(|| Self(text.to_owned()))
    }

    /// The id as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        let text = single(&parts.headers, "x-request-id").ok().flatten();
        Ok(text.and_then(Self::parse))
    }
}
