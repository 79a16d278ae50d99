//! From stored text to a typed event: the fast way, and the way over upcasters and sealed fields.

use std::collections::HashMap;

use cqrs_es::persist::SerializedEvent;
use cqrs_es::{Aggregate, EventEnvelope};
use serde_json::Value;

use super::{CodecError, DecodeError, EventCodec, personal};
use crate::RecordedEvent;

impl EventCodec {
    /// The typed event.
    ///
    /// # Errors
    /// When this program cannot read it. The error names the event and quotes nothing of it.
    pub fn decode<A: Aggregate>(
        &self,
        event: &RecordedEvent,
    ) -> Result<EventEnvelope<A>, DecodeError> {
        let envelope = || -> Result<EventEnvelope<A>, CodecError> {
            Ok(EventEnvelope {
                aggregate_id: event.stream.aggregate_id.clone(),
                sequence: usize::try_from(event.sequence).unwrap_or(usize::MAX),
                payload: self.payload::<A>(event)?,
                metadata: metadata(&event.metadata),
            })
        };
        envelope().map_err(|cause| DecodeError {
            stream: event.stream.clone(),
            sequence: event.sequence,
            event_type: event.event_type.clone(),
            event_version: event.event_version.clone(),
            position: event.position,
            cause,
        })
    }

    fn payload<A: Aggregate>(&self, event: &RecordedEvent) -> Result<A::Event, CodecError> {
        let lifted = self
            .upcasters
            .iter()
            .any(|upcaster| upcaster.can_upcast(&event.event_type, &event.event_version));
        let sealed = event.payload.contains(personal::SEALED);
        if !lifted && !sealed {
            return serde_json::from_str(&event.payload).map_err(|e| CodecError::json(&e));
        }
        let mut value: Value =
            serde_json::from_str(&event.payload).map_err(|e| CodecError::json(&e))?;
        if sealed {
            personal::open(&mut value, "", &*self.fields, &event.stream, event.sequence)?;
        }
        serde_json::from_value(self.upcast(event, value)).map_err(|e| CodecError::json(&e))
    }

    fn upcast(&self, event: &RecordedEvent, payload: Value) -> Value {
        let serialized = SerializedEvent::new(
            event.stream.aggregate_id.clone(),
            usize::try_from(event.sequence).unwrap_or(usize::MAX),
            event.stream.aggregate_type.to_string(),
            event.event_type.clone(),
            event.event_version.clone(),
            payload,
            Value::Null,
        );
        let lifted = self.upcasters.iter().fold(serialized, |event, upcaster| {
            if upcaster.can_upcast(&event.event_type, &event.event_version) {
                upcaster.upcast(event)
            } else {
                event
            }
        });
        lifted.payload
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
