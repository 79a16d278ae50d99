//! From stored text to typed events: the fast way, and the way over upcasters and sealed fields.
//!
//! A stored event is one event today, or several, or none; nothing is handed out unless all of it
//! can be read.

use std::collections::HashMap;

use cqrs_es::persist::SerializedEvent;
use cqrs_es::{Aggregate, EventEnvelope};
use serde_json::Value;

use super::{CodecError, DecodeError, EventCodec, personal};
use crate::RecordedEvent;

impl EventCodec {
    /// Hands out what the stored event is today, in order: itself, or what upcasters made of it,
    /// which may be several events or none.
    ///
    /// All of them have the sequence and the metadata of the stored event: versions count what is
    /// stored, not what it became.
    ///
    /// ```
    /// # use ingesta_event_store::{Position, RecordedEvent, StreamId};
    /// # use cqrs_es::{Aggregate, DomainEvent, event_sink::EventSink};
    /// # #[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
    /// # struct Door;
    /// # #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    /// # enum DoorEvent { Opened }
    /// # impl DomainEvent for DoorEvent {
    /// #     fn event_type(&self) -> String { "Opened".to_owned() }
    /// #     fn event_version(&self) -> String { "1".to_owned() }
    /// # }
    /// # impl Aggregate for Door {
    /// #     const TYPE: &'static str = "Door";
    /// #     type Command = (); type Event = DoorEvent; type Error = std::fmt::Error; type Services = ();
    /// #     async fn handle(&mut self, (): (), (): &(), _: &EventSink<Self>) -> Result<(), std::fmt::Error> { Ok(()) }
    /// #     fn apply(&mut self, _: DoorEvent) {}
    /// # }
    /// use ingesta_event_store::EventCodec;
    ///
    /// # let mut stored = RecordedEvent {
    /// #     position: Position::new(1, 1), stream: StreamId::of::<Door>("front"), sequence: 1,
    /// #     event_type: "Opened".to_owned(), event_version: "1".to_owned(),
    /// #     payload: r#""Opened""#.to_owned(), metadata: "{}".to_owned(), recorded_at: None,
    /// # };
    /// let codec = EventCodec::default();
    /// let mut seen = Vec::new();
    /// codec.decode_each::<Door>(&stored, |envelope| seen.push(envelope.payload))?;
    /// assert_eq!(seen, [DoorEvent::Opened]);
    ///
    /// // An event that this program does not know is refused, and named without its payload.
    /// stored.payload = r#""Locked""#.to_owned();
    /// let refused = codec.decode_each::<Door>(&stored, |_| {}).unwrap_err();
    /// assert_eq!(refused.to_string(), "cannot read event Door/front/1 (Opened version 1)");
    /// # Ok::<(), ingesta_event_store::DecodeError>(())
    /// ```
    ///
    /// # Errors
    /// When this program cannot read it. The error names the event and quotes nothing of it.
    /// Nothing was handed out then.
    pub fn decode_each<A: Aggregate>(
        &self,
        event: &RecordedEvent,
        mut each: impl FnMut(EventEnvelope<A>),
    ) -> Result<(), DecodeError> {
        self.payloads::<A>(event, |payload| {
            each(EventEnvelope {
                aggregate_id: event.stream.aggregate_id.clone(),
                sequence: usize::try_from(event.sequence).unwrap_or(usize::MAX),
                payload,
                metadata: metadata(&event.metadata),
            });
        })
    }

    /// As [`Self::decode_each`], for folds that need no envelope.
    pub(crate) fn payloads<A: Aggregate>(
        &self,
        event: &RecordedEvent,
        mut each: impl FnMut(A::Event),
    ) -> Result<(), DecodeError> {
        let lifted = self
            .upcasters
            .lifts(&event.event_type, &event.event_version);
        let sealed = event.payload.contains(personal::SEALED);
        if !lifted && !sealed {
            let payload = serde_json::from_str(&event.payload);
            each(payload.map_err(|e| unreadable(event, CodecError::json(&e)))?);
            return Ok(());
        }
        let payloads = self.taken_apart::<A>(event, sealed);
        payloads
            .map_err(|cause| unreadable(event, cause))?
            .into_iter()
            .for_each(each);
        Ok(())
    }

    /// The slow way: opened, lifted, and only then typed.
    fn taken_apart<A: Aggregate>(
        &self,
        event: &RecordedEvent,
        sealed: bool,
    ) -> Result<Vec<A::Event>, CodecError> {
        let mut value: Value =
            serde_json::from_str(&event.payload).map_err(|e| CodecError::json(&e))?;
        if sealed {
            personal::open(&mut value, "", &*self.fields, &event.stream, event.sequence)?;
        }
        let stored = SerializedEvent::new(
            event.stream.aggregate_id.clone(),
            usize::try_from(event.sequence).unwrap_or(usize::MAX),
            event.stream.aggregate_type.to_string(),
            event.event_type.clone(),
            event.event_version.clone(),
            value,
            Value::Null,
        );
        let parts = self.upcasters.lift(stored).into_iter();
        parts
            .map(|part| serde_json::from_value(part.payload).map_err(|e| CodecError::json(&e)))
            .collect()
    }
}

fn unreadable(event: &RecordedEvent, cause: CodecError) -> DecodeError {
    DecodeError {
        stream: event.stream.clone(),
        sequence: event.sequence,
        event_type: event.event_type.clone(),
        event_version: event.event_version.clone(),
        position: event.position,
        cause,
    }
}

/// Metadata decides nothing, so it cannot make an event unreadable: what another program stored
/// there besides texts is handed on as JSON text, and what is no object at all is left out.
fn metadata(text: &str) -> HashMap<String, String> {
    // Most events carry none at all; then there is nothing to parse.
    if text == "{}" {
        return HashMap::new();
    }
    serde_json::from_str(text).unwrap_or_else(|_| {
        let loose: HashMap<String, Value> = serde_json::from_str(text).unwrap_or_default();
        let texts = loose.into_iter().map(|(key, value)| match value {
            Value::String(text) => (key, text),
            other @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_)) => (key, other.to_string()),
        });
        texts.collect()
    })
}
