//! A watch as server-sent events.
//!
//! Promises: each frame is one event, named after its topic; the cursor is the event's id, and comes
//! with the heartbeat too, so that a browser that was shown nothing for a day does not read that
//! day again. The answer ends with the feed; a browser then comes back by itself.

use std::collections::VecDeque;
use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use ingesta_event_store::Position;

use super::Watch;
use super::frame::Shown;

/// How soon a browser comes back, in milliseconds.
const RETRY_MS: u32 = 1000;

/// For proxies that would rather collect an answer before they send it on.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The answer that goes on for as long as its client takes it.
#[must_use]
pub fn sse(watch: Watch) -> Response {
    let begin = format!("retry: {RETRY_MS}\n{}", cursor(watch.at()));
    let ready = VecDeque::from([Bytes::from(begin)]);
    let events = stream::unfold((watch, ready), async |(mut watch, mut ready)| {
        if ready.is_empty() {
            let batch = watch.next().await?;
            ready.extend(batch.frames.iter().map(Shown::sse));
            if ready.is_empty() {
                ready.push_back(format!(": latido\n{}", cursor(batch.reached)).into());
            }
        }
        let next = ready.pop_front()?;
        Some((Ok::<_, Infallible>(next), (watch, ready)))
    });
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream; charset=utf-8"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (UNBUFFERED, HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(events)).into_response()
}

/// An event without data: it is shown to nobody, and its id is remembered.
fn cursor(at: Position) -> String {
    format!("id: {at}\n\n")
}
