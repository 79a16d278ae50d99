//! One event on its way into the log, and one event read from it.
//!
//! Payload and metadata stay text here: they are parsed once, straight to the type, by the
//! [`crate::EventCodec`], and never through a `serde_json::Value`.

use chrono::{DateTime, Utc};

use crate::{Position, StreamId};

/// An event to append. Its sequence follows from its place in the command.
#[derive(Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// `DomainEvent::event_type`.
    pub event_type: String,
    /// `DomainEvent::event_version`.
    pub event_version: String,
    /// JSON text.
    pub payload: String,
    /// JSON text: a flat object of strings.
    pub metadata: String,
}

/// An event as the log holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Where in the log.
    pub position: Position,
    /// Whose event.
    pub stream: StreamId,
    /// Place in its stream, from 1, without gaps.
    pub sequence: u64,
    /// The stored type name.
    pub event_type: String,
    /// The stored version of the type.
    pub event_version: String,
    /// JSON text, as stored.
    pub payload: String,
    /// JSON text, as stored.
    pub metadata: String,
    /// When the database stored it; absent for events adopted from a table without times.
    pub recorded_at: Option<DateTime<Utc>>,
}

impl RecordedEvent {
    /// A name for this event that no other event has: `type/id/sequence`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.stream, self.sequence)
    }
}

/// Payloads may hold personal data, so they are not printed.
impl std::fmt::Debug for NewEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewEvent")
            .field("event_type", &self.event_type)
            .field("event_version", &self.event_version)
            .finish_non_exhaustive()
    }
}

/// Payloads may hold personal data, so they are not printed.
impl std::fmt::Debug for RecordedEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordedEvent")
            .field("position", &self.position)
            .field("stream", &self.stream)
            .field("sequence", &self.sequence)
            .field("event_type", &self.event_type)
            .field("event_version", &self.event_version)
            .finish_non_exhaustive()
    }
}
