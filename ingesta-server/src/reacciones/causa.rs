//! From an event to the circumstances of the command that it causes.

use ingesta_event_store::{CommandContext, Metadata, RecordedEvent};

/// The command's name: unique for ever, and the same at every delivery of the event.
///
/// The part before the first slash keeps it apart from the keys of clients.
pub(super) fn command_id(subscription: &str, event: &RecordedEvent) -> String {
    format!("{subscription}/{}", event.id())
}

/// The conversation goes on; an event from a writer without metadata begins one.
pub(super) fn context(subscription: &str, event: &RecordedEvent) -> CommandContext {
    let cause = Metadata::from_json(&event.metadata).unwrap_or_default();
    CommandContext::default().with_metadata(Metadata {
        command_id: None,
        correlation_id: cause.correlation_id.or_else(|| Some(event.id())),
        causation_id: Some(event.id()),
        traceparent: cause.traceparent,
        actor: Some(subscription.to_owned()),
        extra: std::collections::BTreeMap::new(),
    })
}
