//! One event as one line.
//!
//! Promises: the columns keep their order; in JSON the fields keep their names.
//! Does not: print a payload unless told to.

use ingesta_event_store::RecordedEvent;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::cli::out::Out;

#[derive(Serialize)]
struct Line<'a> {
    position: String,
    recorded_at: Option<chrono::DateTime<chrono::Utc>>,
    stream: String,
    sequence: u64,
    event_type: &'a str,
    event_version: &'a str,
    metadata: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a RawValue>,
}

pub(super) fn print(event: &RecordedEvent, payload: bool, out: &Out) {
    if out.is_json() {
        out.json(&Line {
            position: event.position.to_string(),
            recorded_at: event.recorded_at,
            stream: event.stream.to_string(),
            sequence: event.sequence,
            event_type: &event.event_type,
            event_version: &event.event_version,
            metadata: serde_json::from_str(&event.metadata).ok(),
            payload: payload
                .then(|| serde_json::from_str(&event.payload).ok())
                .flatten(),
        });
        return;
    }
    let time = event.recorded_at.map_or("-".to_owned(), |at| {
        at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
    });
    out.text(format_args!(
        "{:<12}  {time:<27}  {}  {}  {} v{}",
        event.position.to_string(),
        event.stream,
        event.sequence,
        event.event_type,
        event.event_version,
    ));
    if payload {
        out.text(format_args!("  {}", event.payload));
    }
}
