//! What can go wrong while folding and while reading rows. Nothing here quotes an event or a row:
//! both may hold personal data, and these texts are stored, logged and shown.

use std::borrow::Cow;

use ingesta_event_store::subscription::ConsumeError;
use ingesta_event_store::{CodecError, DecodeError, FieldError, StoreError};

/// Why an event could not be projected. Its stream is parked with the code and the message.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// The event cannot be read by this program. Code: `undecodable`.
    #[error(transparent)]
    Undecodable(#[from] DecodeError),
    /// The event was read and does not fit.
    #[error("the projection refused the event: {code}")]
    Refused {
        /// A stable word for the operator.
        code: Cow<'static, str>,
        /// One sentence for the operator, free of payload data.
        message: Cow<'static, str>,
    },
}

impl ProjectionError {
    /// The event does not fit: `code` is a stable word, `message` one sentence without payload
    /// data, for it is stored and shown.
    pub fn refused(
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::Refused {
            code: code.into(),
            message: message.into(),
        }
    }

    /// What the runner is told about the event at `index` of the batch.
    pub(crate) fn at(self, index: usize) -> ConsumeError {
        match self {
            // The key may come back, and its absence is not this event's fault.
            Self::Undecodable(error)
                if error.cause == CodecError::Field(FieldError::KeyUnavailable) =>
            {
                ConsumeError::obstacle("the key of a personal field is not available")
            }
            Self::Undecodable(error) => {
                ConsumeError::event(index, "undecodable", format!("{error}: {}", error.cause))
            }
            Self::Refused { code, message } => ConsumeError::event(index, code, message),
        }
    }
}

/// A stored row that this program cannot read.
///
/// Most likely the code of the projection changed and its name did not: see the crate's rule.
/// The key is not shown, for a projection may be keyed by personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a row of table {table} is not what this program expects ({category}, line {line}, column \
     {column}): a changed projection needs a new name and a new table"
)]
pub struct RowError {
    /// The table.
    pub table: String,
    /// `syntax`, `data`, `eof` or `io`.
    pub category: &'static str,
    /// Line of the stored text, from 1.
    pub line: usize,
    /// Column of the line, from 1.
    pub column: usize,
}

impl RowError {
    /// Keeps the place of a serde error and drops its message, which may quote the value.
    pub(crate) fn new(table: &str, error: &serde_json::Error) -> Self {
        let category = match error.classify() {
            serde_json::error::Category::Io => "io",
            serde_json::error::Category::Syntax => "syntax",
            serde_json::error::Category::Data => "data",
            serde_json::error::Category::Eof => "eof",
        };
        Self {
            table: table.to_owned(),
            category,
            line: error.line(),
            column: error.column(),
        }
    }
}

/// Why rows could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The database did not answer, or refused.
    #[error("the view was not read")]
    Store(#[from] StoreError),
    /// There is no such table: its projection has never been prepared on this database.
    /// *Handling*: [`crate::ProjectionSubscriber::prepare`] at the program's start.
    #[error(
        "there is no table {table}: its projection has never run on this database, or the table is lost and `rebuild` makes it anew"
    )]
    NoTable {
        /// The table.
        table: String,
    },
    /// A row is not what this program expects.
    #[error(transparent)]
    Row(#[from] RowError),
}
