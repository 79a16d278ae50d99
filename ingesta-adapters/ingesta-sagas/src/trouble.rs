//! Why one event was not dealt with, and what a command's end means for the event that caused it.

use std::borrow::Cow;

use ingesta_event_store::subscription::ConsumeError;
use ingesta_event_store::{Cause, CodecError, CommandError, DecodeError, FieldError, StoreError};

/// Why something was not done for an event. None of the texts may hold data of an event.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// This event cannot be dealt with: its stream is parked and tried again with growing pauses,
    /// then it waits for an operator. Other streams go on.
    #[error("the event cannot be dealt with: {code}")]
    Event {
        /// A stable word for the operator.
        code: Cow<'static, str>,
        /// One sentence for the operator.
        message: String,
    },
    /// Something that every event needs is away or cannot be read: all of them wait. It is shown.
    #[error("{0}")]
    Obstacle(String),
    /// As an obstacle; what it says is shown to nobody, unless it is a [`StoreError`].
    #[error("something that the event needs is away")]
    Transient(#[source] Cause),
}

impl Trouble {
    /// The event cannot be dealt with.
    pub fn event(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        let (code, message) = (code.into(), message.into());
        Self::Event { code, message }
    }

    /// Something is away.
    pub fn transient(cause: impl Into<Cause>) -> Self {
        Self::Transient(cause.into())
    }

    /// What the end of a command means that did not succeed; `refused` says what a refusal of the
    /// domain means.
    ///
    /// # Errors
    /// Every end that `refused` does not turn into a value.
    pub fn of_command<T, E: std::error::Error + Send + Sync + 'static>(
        error: CommandError<E>,
        refused: impl FnOnce(E) -> Result<T, Self>,
    ) -> Result<T, Self> {
        match error {
            CommandError::Refused(error) => refused(error),
            CommandError::Undecodable(error) => Err(error.into()),
            CommandError::CommandIdReused => Err(Self::event(
                "command_id_reused",
                "the event has caused something else before: was the code changed since?",
            )),
            CommandError::Unencodable(_) => Err(Self::event(
                "unencodable",
                "the events of the command cannot be written",
            )),
            CommandError::Rejected { sqlstate } => Err(Self::event(
                "rejected",
                format!("the database refused the events: SQLSTATE {sqlstate}"),
            )),
            CommandError::Store(error) | CommandError::Unknown(error) => Err(error.into()),
            error @ (CommandError::Conflict { .. } | CommandError::VersionMismatch { .. }) => {
                Err(Self::transient(error))
            }
        }
    }

    /// What the runner is told about the event at `index` of the batch.
    pub(crate) fn at(self, index: usize) -> ConsumeError {
        match self {
            Self::Event { code, message } => ConsumeError::event(index, code, message),
            Self::Obstacle(what) => ConsumeError::obstacle(what),
            Self::Transient(cause) => ConsumeError::Transient(cause),
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Transient(Box::new(error))
    }
}

impl From<DecodeError> for Trouble {
    fn from(error: DecodeError) -> Self {
        // The key may come back, and its absence is not this event's fault.
        if error.cause == CodecError::Field(FieldError::KeyUnavailable) {
            return Self::Obstacle("the key of a personal field is not available".to_owned());
        }
        Self::event("undecodable", format!("{error}: {}", error.cause))
    }
}
