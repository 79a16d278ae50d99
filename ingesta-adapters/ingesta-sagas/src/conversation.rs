//! From an event to the circumstances of what it causes: the conversation goes on.

use std::collections::BTreeMap;

use ingesta_event_store::{Metadata, RecordedEvent};

/// The metadata of what `event` causes: correlation and trace of the event, the event as the cause,
/// `actor` as who asks. An event from a writer without metadata begins a conversation.
#[must_use]
pub fn caused_by(event: &RecordedEvent, actor: &str) -> Metadata {
    let cause = Metadata::from_json(&event.metadata).unwrap_or_default();
    Metadata {
        command_id: None,
        correlation_id: cause.correlation_id.or_else(|| Some(event.id())),
        causation_id: Some(event.id()),
        traceparent: cause.traceparent,
        actor: Some(actor.to_owned()),
        extra: BTreeMap::new(),
    }
}

/// The name of the `part`-th thing, from 0, that an event causes.
pub(crate) fn named(event: &RecordedEvent, part: usize) -> String {
    match part {
        0 => event.id(),
        later => format!("{}#{later}", event.id()),
    }
}
