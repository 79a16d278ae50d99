//! How a `Problem` becomes a response, and the one place where it is logged.
//!
//! Promises: one log line per 5xx, written when the response is made (`error` for 500, `warn` for
//! the others, which are load and not faults); none for a 4xx; the internal text is never sent.
//! It does not log what a client sent.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::Problem;
use crate::problem::Parts;

/// The media type of a refusal.
pub const PROBLEM_JSON: &str = "application/problem+json";

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        log(&self.parts);
        let mut parts = *self.parts;
        let (status, headers) = (parts.status, std::mem::take(&mut parts.headers));
        let mut response = (status, members(parts).to_string()).into_response();
        response.headers_mut().extend(headers);
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        response
    }
}

fn log(parts: &Parts) {
    let (status, code) = (parts.status.as_u16(), parts.code);
    let cause = parts.internal.as_deref().unwrap_or("not given");
    if parts.status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(status, code, cause, "a request failed");
    } else if parts.status.is_server_error() {
        tracing::warn!(status, code, cause, "a request was turned away");
    }
}

fn members(parts: Parts) -> Value {
    let mut members = parts.members;
    // Last, so that an extension member cannot stand in for a standard one.
    members.insert("type".to_owned(), parts.type_uri.into());
    members.insert("title".to_owned(), parts.title.into());
    members.insert("status".to_owned(), parts.status.as_u16().into());
    members.insert("code".to_owned(), parts.code.into());
    members.insert(
        "error".to_owned(),
        parts.error.unwrap_or_else(|| parts.detail.clone()).into(),
    );
    members.insert("detail".to_owned(), parts.detail.into());
    match parts.instance {
        Some(instance) => members.insert("instance".to_owned(), instance.into()),
        None => members.remove("instance"),
    };
    Value::Object(members)
}
