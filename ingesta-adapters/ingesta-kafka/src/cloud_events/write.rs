//! An event to headers.

use chrono::SecondsFormat;

use super::{
    CONTENT_TYPE, CloudEvent, ID, POSITION, SEQUENCE, SOURCE, SPEC_VERSION, SUBJECT, TIME,
    TRACE_PARENT, TYPE, VERSION,
};
use crate::message::Header;

pub(super) fn headers(event: &CloudEvent) -> Vec<Header> {
    let mut headers = Vec::with_capacity(10);
    let mut push = |name: &str, value: &str| headers.push(Header::new(name, value));
    push(VERSION, SPEC_VERSION);
    push(ID, &event.id);
    push(SOURCE, &event.source);
    push(TYPE, &event.event_type);
    if let Some(time) = event.time {
        push(TIME, &time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    }
    if let Some(subject) = &event.subject {
        push(SUBJECT, subject);
    }
    if let Some(sequence) = event.sequence {
        // The extension asks for texts whose order is that of the numbers.
        push(SEQUENCE, &format!("{sequence:020}"));
    }
    if let Some(position) = event.position {
        push(POSITION, &position.to_string());
    }
    if let Some(content_type) = &event.content_type {
        push(CONTENT_TYPE, content_type);
    }
    if let Some(traceparent) = &event.traceparent {
        push(TRACE_PARENT, traceparent);
    }
    headers
}
