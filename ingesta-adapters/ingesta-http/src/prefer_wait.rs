//! `Prefer: wait=N` of RFC 7240: how long a client would like the server to wait for the outcome.
//!
//! Promises: the first `wait` counts, whole seconds, never longer than the cap of the application;
//! a malformed one is ignored, as the RFC says; what was granted is told by `Preference-Applied`.
//! It does not wait.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponseParts, ResponseParts};

use crate::header_text::split_unquoted;

/// The longest wait that is granted where the application names no other cap.
pub const DEFAULT_WAIT_CAP: Duration = Duration::from_secs(30);

/// The wait that a client prefers, if it does.
///
/// ```
/// use std::time::Duration;
/// use ingesta_http::{DEFAULT_WAIT_CAP, PreferWait};
///
/// let granted = PreferWait::parse("respond-async, wait=5").capped(DEFAULT_WAIT_CAP);
/// assert_eq!(granted.map(|wait| wait.duration()), Some(Duration::from_secs(5)));
/// // Not a number of seconds: as if it were not there.
/// assert!(PreferWait::parse("wait=soon").capped(DEFAULT_WAIT_CAP).is_none());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreferWait(Option<u64>);

impl PreferWait {
    /// Reads one header value.
    pub fn parse(text: &str) -> Self {
        Self(first_wait(text).and_then(seconds))
    }

    /// The wait that is granted: the preferred one, at most `cap` in whole seconds.
    pub fn capped(self, cap: Duration) -> Option<AppliedWait> {
        self.0.map(|wished| AppliedWait(wished.min(cap.as_secs())))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PreferWait {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let lines = parts
            .headers
            .get_all("prefer")
            .iter()
            .filter_map(|v| v.to_str().ok());
        // The first `wait` counts even if it is malformed: later ones are repetitions.
        let wait = lines.into_iter().find_map(first_wait);
        Ok(Self(wait.and_then(seconds)))
    }
}

/// The text of the first `wait` preference, empty where it has no value.
fn first_wait(line: &str) -> Option<&str> {
    split_unquoted(line, ',')
        .into_iter()
        .find_map(|preference| {
            let named = split_unquoted(preference, ';').into_iter().next()?;
            let (name, value) = named.split_once('=').unwrap_or((named, ""));
            name.trim()
                .eq_ignore_ascii_case("wait")
                .then_some(value.trim())
        })
}

/// Digits, quoted or not; more than fits is simply very long, and the cap decides.
fn seconds(value: &str) -> Option<u64> {
    let unquoted = value
        .strip_prefix('"')
        .and_then(|inner| inner.strip_suffix('"'));
    let digits = unquoted.unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(u64::MAX))
}

/// A wait that was granted; as a response part it writes `Preference-Applied: wait=N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppliedWait(u64);

impl AppliedWait {
    /// How long to wait, in whole seconds.
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl IntoResponseParts for AppliedWait {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        let text = format!("wait={}", self.0);
        let value = HeaderValue::try_from(text).expect("letters and digits are header text");
        response
            .headers_mut()
            .insert(HeaderName::from_static("preference-applied"), value);
        Ok(response)
    }
}
