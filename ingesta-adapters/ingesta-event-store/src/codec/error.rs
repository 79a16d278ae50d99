//! Why an event could not be written or read, without a word of its content.

use crate::codec::FieldError;
use crate::{Position, StreamId};

/// What went wrong with the text. Carries places, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The text is not the JSON that the type expects.
    #[error("not the expected JSON ({category}, line {line}, column {column})")]
    Json {
        /// `syntax`, `data`, `eof` or `io`.
        category: &'static str,
        /// Line of the text, from 1; 0 where there is no text yet.
        line: usize,
        /// Column of the line, from 1.
        column: usize,
    },
    /// The event has an object with the key that marks sealed fields, and is not sealed there.
    #[error("the key `$enc` is reserved for sealed fields")]
    ReservedKey,
    /// A personal field could not be sealed or opened.
    #[error(transparent)]
    Field(#[from] FieldError),
}

impl CodecError {
    /// Keeps the place of a serde error and drops its message, which may quote the value.
    pub(crate) fn json(error: &serde_json::Error) -> Self {
        let category = match error.classify() {
            serde_json::error::Category::Io => "io",
            serde_json::error::Category::Syntax => "syntax",
            serde_json::error::Category::Data => "data",
            serde_json::error::Category::Eof => "eof",
        };
        Self::Json {
            category,
            line: error.line(),
            column: error.column(),
        }
    }
}

/// A stored event that this program cannot read: a newer version, an unknown type, a damaged row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read event {stream}/{sequence} ({event_type} version {event_version})")]
pub struct DecodeError {
    /// Whose event.
    pub stream: StreamId,
    /// Which one.
    pub sequence: u64,
    /// The stored type.
    pub event_type: String,
    /// The stored version.
    pub event_version: String,
    /// Where in the log.
    pub position: Position,
    /// What is wrong with it.
    #[source]
    pub cause: CodecError,
}
