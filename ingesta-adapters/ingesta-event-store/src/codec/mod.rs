//! Between an aggregate's event and the text that is stored.
//!
//! An event is serialised once, straight to text, and parsed once, straight to its type. Two
//! seams sit here and cost nothing where they are not used: upcasters (an older stored version is
//! lifted before it is parsed, to one event, several or none) and personal fields (sealed on the
//! way in, opened on the way out; readers accept sealed and plain side by side). Errors never quote
//! the payload.

mod decode;
mod error;
mod known;
mod personal;
mod upcast;

use std::sync::Arc;

use cqrs_es::persist::EventUpcaster;
use cqrs_es::{Aggregate, DomainEvent};

pub use error::{CodecError, DecodeError};
pub use known::{KnownTypes, Readable};
pub use personal::{FieldCodec, FieldError, FieldPlace, PersonalFields, PlainFields};
pub use upcast::Upcaster;

use crate::{NewEvent, StreamId};

/// Turns events into stored text and back.
#[derive(Clone)]
pub struct EventCodec {
    upcasters: upcast::Chain,
    personal: Arc<PersonalFields>,
    fields: Arc<dyn FieldCodec>,
}

impl Default for EventCodec {
    fn default() -> Self {
        Self {
            upcasters: upcast::Chain::default(),
            personal: Arc::default(),
            fields: Arc::new(PlainFields),
        }
    }
}

impl EventCodec {
    /// Lifts older stored versions with these, in order, behind those that are there already.
    ///
    /// They are the upcasters of cqrs-es, so those of an existing program carry over.
    #[must_use]
    pub fn with_upcasters(mut self, upcasters: Vec<Box<dyn EventUpcaster>>) -> Self {
        for upcaster in upcasters {
            self.upcasters.push_one_to_one(upcaster);
        }
        self
    }

    /// Lifts older stored versions with this one, behind those that are there already.
    #[must_use]
    pub fn with_upcaster(mut self, upcaster: impl Upcaster) -> Self {
        self.upcasters.push(upcaster);
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

    /// True if some field is not stored in the clear.
    pub(crate) fn seals(&self) -> bool {
        !self.fields.is_plain()
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
