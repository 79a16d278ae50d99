//! Between an aggregate's event and the text that is stored.
//!
//! An event is serialised once, straight to text, and parsed once, straight to its type. Two
//! seams sit here and cost nothing where they are not used: upcasters (an older stored version is
//! lifted before it is parsed) and personal fields (sealed on the way in, opened on the way out;
//! readers accept sealed and plain side by side). Errors never quote the payload.

mod decode;
mod error;
mod personal;

use std::sync::Arc;

use cqrs_es::persist::EventUpcaster;
use cqrs_es::{Aggregate, DomainEvent};

pub use error::{CodecError, DecodeError};
pub use personal::{FieldCodec, FieldError, FieldPlace, PersonalFields, PlainFields};

use crate::{NewEvent, StreamId};

/// Turns events into stored text and back.
#[derive(Clone)]
pub struct EventCodec {
    upcasters: Arc<Vec<Box<dyn EventUpcaster>>>,
    personal: Arc<PersonalFields>,
    fields: Arc<dyn FieldCodec>,
}

impl Default for EventCodec {
    fn default() -> Self {
        Self {
            upcasters: Arc::default(),
            personal: Arc::default(),
            fields: Arc::new(PlainFields),
        }
    }
}

impl EventCodec {
    /// Lifts older stored versions with these, in order, before they are parsed.
    ///
    /// They are the upcasters of cqrs-es, so those of an existing program carry over.
    #[must_use]
    pub fn with_upcasters(mut self, upcasters: Vec<Box<dyn EventUpcaster>>) -> Self {
        self.upcasters = Arc::new(upcasters);
        self
    }

    /// Seals these fields with this codec before they are stored.
    #[must_use]
    pub fn with_personal_fields(
        mut self,
        personal: PersonalFields,
        fields: impl FieldCodec,
    ) -> Self {
        self.personal = Arc::new(personal);
        self.fields = Arc::new(fields);
        self
    }

    /// The stored form of an event.
    ///
    /// # Errors
    /// When the event cannot be written as JSON, uses the reserved key `$enc`, or a personal field
    /// cannot be sealed.
    pub fn encode<A: Aggregate>(
        &self,
        stream: &StreamId,
        sequence: u64,
        event: &A::Event,
        metadata: &str,
    ) -> Result<NewEvent, CodecError> {
        let event_type = event.event_type();
        let payload = match self.personal.of(&event_type) {
            Some(places) if !self.fields.is_plain() => {
                let value = unmarked(event)?;
                let sealed = personal::seal(value, places, &*self.fields, stream, sequence)?;
                sealed.to_string()
            }
            _ => {
                let text = serde_json::to_string(event).map_err(|e| CodecError::json(&e))?;
                if text.contains(personal::SEALED) {
                    unmarked(event)?;
                }
                text
            }
        };
        Ok(NewEvent {
            event_type,
            event_version: event.event_version(),
            payload,
            metadata: metadata.to_owned(),
        })
    }
}

/// The event as a value, unless a reader would take a part of it for a sealed field.
fn unmarked<E: serde::Serialize>(event: &E) -> Result<serde_json::Value, CodecError> {
    let value = serde_json::to_value(event).map_err(|e| CodecError::json(&e))?;
    if personal::is_marked(&value) {
        return Err(CodecError::ReservedKey);
    }
    Ok(value)
}
