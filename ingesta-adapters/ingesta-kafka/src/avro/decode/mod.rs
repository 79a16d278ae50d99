//! From Avro bytes to serde, along a plan that was made of the writer's and the reader's schema.
//!
//! Promises: exactly one value, or a refusal with a code. Texts are borrowed from the bytes where
//! the type allows it. A length or a count is believed only where so many bytes are left.

mod compound;
mod deserializer;
mod error;
mod input;
mod plan;

use serde::Deserialize;

use super::Node;

pub use error::{DecodeError, Refusal};
pub(crate) use plan::{Number, Plan, Step};

/// How to read messages of one writer's schema; see [`super::AvroSchema::reading_of`].
#[derive(Debug)]
pub struct Reading {
    plan: Plan,
}

impl Reading {
    pub(super) fn new(plan: Plan) -> Self {
        Self { plan }
    }

    pub(super) fn identity(node: &Node) -> Self {
        Self::new(Plan::identity(node))
    }

    /// Reads one value, which must be all there is.
    ///
    /// # Errors
    /// When the bytes are not one whole value of the writer's schema, or the type refuses it.
    pub fn decode<'de, T: Deserialize<'de>>(&self, bytes: &'de [u8]) -> Result<T, DecodeError> {
        self.decode_with(bytes, |from| T::deserialize(from))
    }

    /// As [`Self::decode`], by whoever knows how to make the value of what serde shows.
    pub(crate) fn decode_with<'de, T>(
        &self,
        bytes: &'de [u8],
        read: impl FnOnce(deserializer::Decoder<'_, '_, 'de>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let mut input = input::Input::new(bytes);
        let value = read(deserializer::Decoder {
            plan: &self.plan,
            input: &mut input,
        })?;
        match input.left() {
            0 => Ok(value),
            left => Err(DecodeError::new(Refusal::TrailingBytes(left))),
        }
    }
}
