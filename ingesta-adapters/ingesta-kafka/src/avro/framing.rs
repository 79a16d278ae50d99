//! The framing of Confluent's clients: a zero byte, the number of the writer's schema in four bytes,
//! then the message.
//!
//! It does not ask a registry what the number stands for.

use std::fmt;

/// The number that a registry gave to a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaId(pub u32);

/// The bytes do not begin with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message is not framed: it has no zero byte and schema number in front")]
pub struct NotFramed;

/// Bytes of a frame.
const LENGTH: usize = 5;

impl SchemaId {
    /// The frame that goes in front of a message written with this schema.
    ///
    /// ```
    /// use ingesta_kafka::avro::SchemaId;
    ///
    /// assert_eq!(SchemaId(258).frame(), [0, 0, 0, 1, 2]);
    /// assert_eq!(SchemaId::unframe(&[0, 0, 0, 1, 2, 9])?, (SchemaId(258), &[9][..]));
    /// assert!(SchemaId::unframe(&[2, 0, 0, 1, 2, 9]).is_err());
    /// # Ok::<(), ingesta_kafka::avro::NotFramed>(())
    /// ```
    #[must_use]
    pub const fn frame(self) -> [u8; LENGTH] {
        let [a, b, c, d] = self.0.to_be_bytes();
        [0, a, b, c, d]
    }

    /// Takes a frame off: the schema's number and the message.
    ///
    /// # Errors
    /// When there is none.
    pub const fn unframe(bytes: &[u8]) -> Result<(Self, &[u8]), NotFramed> {
        match bytes {
            [0, a, b, c, d, message @ ..] => {
                Ok((Self(u32::from_be_bytes([*a, *b, *c, *d])), message))
            }
            _ => Err(NotFramed),
        }
    }
}

impl fmt::Display for SchemaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
