//! `TraceParent`: the W3C trace context that a request brings, kept to be passed on.
//!
//! Promises: only a well-formed header is taken; anything else, also a repeated header, counts as
//! none, as the recommendation says. A text of a later version is passed on as version 00.
//! It does not start spans or read `tracestate`.

use std::convert::Infallible;

use axum::extract::OptionalFromRequestParts;
use axum::http::request::Parts;

use crate::header_text::single;

/// A valid `traceparent`. Take it as `Option<TraceParent>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceParent(String);

impl TraceParent {
    /// Reads a header value.
    ///
    /// ```
    /// use ingesta_http::TraceParent;
    ///
    /// let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    /// let parent = TraceParent::parse(text).expect("the example of the recommendation");
    /// assert_eq!(parent.as_str(), text);
    /// assert_eq!(parent.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
    /// assert!(TraceParent::parse(&text.to_uppercase()).is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let (known, rest) = text.split_at_checked(55)?;
        let mut fields = known.split('-');
        let (version, trace) = (hex(fields.next()?, 2)?, hex(fields.next()?, 32)?);
        let (span, flags) = (hex(fields.next()?, 16)?, hex(fields.next()?, 2)?);
        let ends_well = if version == "00" {
            rest.is_empty()
        } else {
            may_follow(rest)
        };
        if fields.next().is_some() || version == "ff" || !ends_well || zero(trace) || zero(span) {
            return None;
        }
        if version == "00" {
            return Some(Self(known.to_owned()));
        }
        // Of a later version only the sampled bit is known to mean what it means today.
        let sampled = u8::from_str_radix(flags, 16).ok()? & 1;
        Some(Self(format!("00-{trace}-{span}-{sampled:02x}")))
    }

    /// The header value to pass on.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The trace id: 32 lower-case hex digits.
    pub fn trace_id(&self) -> &str {
        &self.0[3..35]
    }

    /// The id of the caller's span: 16 lower-case hex digits.
    pub fn span_id(&self) -> &str {
        &self.0[36..52]
    }
}

fn hex(field: &str, length: usize) -> Option<&str> {
    let lower = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    (field.len() == length && field.bytes().all(lower)).then_some(field)
}

fn zero(field: &str) -> bool {
    field.bytes().all(|b| b == b'0')
}

/// A later version may add fields, but only behind another dash.
fn may_follow(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('-')
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for TraceParent {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        let text = single(&parts.headers, "traceparent").ok().flatten();
        Ok(text.and_then(Self::parse))
    }
}
