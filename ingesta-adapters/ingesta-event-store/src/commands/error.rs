//! How a command can end without having done its work.

use crate::{AppendError, CodecError, DecodeError, StoreError};

/// Why a command did not answer with an outcome.
#[derive(Debug, thiserror::Error)]
pub enum CommandError<E: std::error::Error + 'static> {
    /// The domain refused. *Handling*: tell the caller which rule.
    #[error(transparent)]
    Refused(E),
    /// The stream is not at the version that the caller expected. *Handling*: 412.
    #[error("the aggregate is at version {current}, not at {expected}")]
    VersionMismatch {
        /// What the caller expected.
        expected: u64,
        /// What it is.
        current: u64,
    },
    /// Others were faster, again and again. Nothing was stored. *Handling*: 503 with Retry-After.
    #[error("other commands changed the aggregate first, {attempts} times")]
    Conflict {
        /// Tries made.
        attempts: u32,
    },
    /// The command id was used before for something else. *Handling*: 422.
    #[error("the command id was used before with another payload")]
    CommandIdReused,
    /// A stored event of the aggregate cannot be read. *Handling*: 500, and upgrade the program.
    #[error(transparent)]
    Undecodable(#[from] DecodeError),
    /// The new events cannot be written. Nothing was stored.
    #[error("the events of the command cannot be written")]
    Unencodable(#[from] CodecError),
    /// The database refused the data of the events. Nothing was stored. *Handling*: 400.
    #[error("the database refused the events: SQLSTATE {sqlstate}")]
    Rejected {
        /// The refusal's code.
        sqlstate: String,
    },
    /// The command may have taken effect, or not. *Handling*: 503; repeat it with its command id.
    #[error("it is unknown whether the command took effect")]
    Unknown(#[source] StoreError),
    /// The store failed before anything was stored.
    #[error("the command was not executed")]
    Store(#[from] StoreError),
}

impl<E: std::error::Error + 'static> CommandError<E> {
    /// What is left of an append's error once conflicts and repeats are dealt with.
    pub(crate) fn from_append(error: AppendError, attempts: u32) -> Self {
        match error {
            AppendError::Conflict | AppendError::Duplicate(_) => Self::Conflict { attempts },
            AppendError::CommandIdReused => Self::CommandIdReused,
            AppendError::Rejected { sqlstate } => Self::Rejected { sqlstate },
            AppendError::Unknown(cause) => Self::Unknown(cause),
            AppendError::NotStored(cause) => Self::Store(cause),
        }
    }
}
