//! The seam for personal fields: which they are, and who seals and opens them.
//!
//! A sealed field is a JSON object with the key `$enc`; anything else is plain. So a store can
//! begin plain and be sealed from some day on, and both are read. What sealing means belongs to
//! the codec behind the trait; this crate only has the plain one.

use std::collections::HashMap;

use serde_json::Value;

use crate::StreamId;

/// The key that marks a sealed field.
pub(super) const SEALED: &str = "$enc";

/// Which fields of which events are personal, and whose they are.
#[derive(Clone, Debug, Default)]
pub struct PersonalFields {
    by_type: HashMap<String, Vec<PersonalField>>,
}

#[derive(Clone, Debug)]
pub(super) struct PersonalField {
    pointer: String,
    subject: String,
}

impl PersonalFields {
    /// Declares the field at the JSON pointer `pointer` of events of type `event_type` as
    /// personal; the text at the pointer `subject` of the same event names the person.
    #[must_use]
    pub fn field(mut self, event_type: &str, pointer: &str, subject: &str) -> Self {
        let field = PersonalField {
            pointer: pointer.to_owned(),
            subject: subject.to_owned(),
        };
        self.by_type
            .entry(event_type.to_owned())
            .or_default()
            .push(field);
        self
    }

    pub(super) fn of(&self, event_type: &str) -> Option<&[PersonalField]> {
        self.by_type.get(event_type).map(Vec::as_slice)
    }
}

/// Where a field stands. A codec binds what it seals to this place.
#[derive(Clone, Copy, Debug)]
pub struct FieldPlace<'a> {
    /// The event's stream.
    pub stream: &'a StreamId,
    /// The event's sequence.
    pub sequence: u64,
    /// JSON pointer within the payload.
    pub pointer: &'a str,
}

/// A personal field could not be sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// The event has a sealed field and this program has no codec that opens it.
    #[error("a field is sealed and no codec is set up to open it")]
    NoCodec,
    /// The subject's key cannot be had now; it may come back.
    #[error("the key of a personal field is not available")]
    KeyUnavailable,
    /// The sealed text was changed or moved.
    #[error("a sealed field does not open at its place")]
    Tampered,
}

/// Seals and opens personal fields.
pub trait FieldCodec: Send + Sync + 'static {
    /// True if sealing changes nothing, so that events need not be taken apart.
    fn is_plain(&self) -> bool {
        false
    }

    /// The stored form of a personal value of the person `subject`.
    ///
    /// # Errors
    /// When it cannot be sealed; the command fails and nothing is stored.
    fn seal(&self, place: FieldPlace<'_>, subject: &str, value: Value)
    -> Result<Value, FieldError>;

    /// The value behind a sealed form: the value itself, or what stands for it after erasure.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn open(&self, place: FieldPlace<'_>, sealed: Value) -> Result<Value, FieldError>;
}

/// Stores personal fields as they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainFields;

impl FieldCodec for PlainFields {
    fn is_plain(&self) -> bool {
        true
    }

    fn seal(&self, _: FieldPlace<'_>, _: &str, value: Value) -> Result<Value, FieldError> {
        Ok(value)
    }

    fn open(&self, _: FieldPlace<'_>, _: Value) -> Result<Value, FieldError> {
        Err(FieldError::NoCodec)
    }
}

pub(super) fn seal(
    mut payload: Value,
    fields: &[PersonalField],
    codec: &dyn FieldCodec,
    stream: &StreamId,
    sequence: u64,
) -> Result<Value, FieldError> {
    for field in fields {
        let subject = payload
            .pointer(&field.subject)
            .and_then(Value::as_str)
            .unwrap_or_default();
        let subject = subject.to_owned();
        if let Some(slot) = payload
            .pointer_mut(&field.pointer)
            .filter(|slot| !slot.is_null())
        {
            let place = FieldPlace {
                stream,
                sequence,
                pointer: &field.pointer,
            };
            *slot = codec.seal(place, &subject, slot.take())?;
        }
    }
    Ok(payload)
}

/// True if some object has the key that marks a sealed field.
pub(super) fn is_marked(payload: &Value) -> bool {
    match payload {
        Value::Object(map) => map.contains_key(SEALED) || map.values().any(is_marked),
        Value::Array(items) => items.iter().any(is_marked),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Opens every sealed field, wherever it stands: the reader need not know today's declarations.
pub(super) fn open(
    payload: &mut Value,
    pointer: &str,
    codec: &dyn FieldCodec,
    stream: &StreamId,
    sequence: u64,
) -> Result<(), FieldError> {
    match payload {
        Value::Object(map) if map.contains_key(SEALED) => {
            let place = FieldPlace {
                stream,
                sequence,
                pointer,
            };
            *payload = codec.open(place, payload.take())?;
        }
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                let escaped = key.replace('~', "~0").replace('/', "~1");
                open(
                    value,
                    &format!("{pointer}/{escaped}"),
                    codec,
                    stream,
                    sequence,
                )?;
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter_mut().enumerate() {
                open(
                    value,
                    &format!("{pointer}/{index}"),
                    codec,
                    stream,
                    sequence,
                )?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    Ok(())
}
