//! What a subscriber cannot get past, in words that may be shown to an operator.
//!
//! It says what kind of thing is away or cannot be read, and never holds anything of an event or a
//! row.

/// Something that a batch needs and does not get, see [`super::ConsumeError::obstacle`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Obstacle(pub(super) String);
