//! `RetryAfter`: how long a client should wait before it asks again.
//!
//! Promises: whole seconds, rounded up, at least one, so that nobody comes back at once.
//! It does not write dates: the seconds form needs no agreement on clocks.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponseParts, ResponseParts};

/// A `Retry-After` header in seconds, one or more.
///
/// ```
/// use std::time::Duration;
/// use ingesta_http::RetryAfter;
///
/// assert_eq!(RetryAfter::from_secs(5).seconds(), 5);
/// assert_eq!(RetryAfter::from(Duration::from_millis(1_200)).seconds(), 2);
/// assert_eq!(RetryAfter::from_secs(0).seconds(), 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryAfter(u64);

impl RetryAfter {
    /// After this many seconds; zero becomes one.
    pub fn from_secs(seconds: u64) -> Self {
        Self(seconds.max(1))
    }

    /// The whole seconds to wait.
    pub fn seconds(self) -> u64 {
        self.0
    }

    pub(crate) fn header_value(self) -> HeaderValue {
        HeaderValue::from(self.0)
    }
}

impl From<Duration> for RetryAfter {
    fn from(wait: Duration) -> Self {
        let started = u64::from(wait.subsec_nanos() > 0);
        Self::from_secs(wait.as_secs().saturating_add(started))
    }
}

impl IntoResponseParts for RetryAfter {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, self.header_value());
        Ok(response)
    }
}
