//! What the end of a command means for the message that asked for it: poison, or to be tried again.
//!
//! Promises: codes stay; no text holds a value; an outcome that is unknown is never taken for one of
//! the others. What a refusal of the domain means is the caller's to say.

use std::error::Error;

use ingesta_event_store::CommandError;

use super::HandleError;

/// How whoever reads the list of dead letters is told, in sentences that repeat nothing of the data.
#[derive(Clone, Copy, Debug)]
pub struct EndTexts {
    /// The id was used before for something else.
    pub reused: &'static str,
    /// The stream has events that cannot be read.
    pub undecodable: &'static str,
    /// What the command led to cannot be written.
    pub unencodable: &'static str,
}

impl HandleError {
    /// What a command's failure means for its message; `refused` says what a refusal means.
    ///
    /// ```
    /// use ingesta_event_store::CommandError;
    /// use ingesta_kafka::inbox::{EndTexts, HandleError};
    ///
    /// const TEXTS: EndTexts = EndTexts {
    ///     reused: "another order with this id was carried out before",
    ///     undecodable: "the order has events that this program cannot read",
    ///     unencodable: "the events of the order cannot be written",
    /// };
    /// let refused = |_: std::fmt::Error| HandleError::poison("closed", "the order is closed");
    /// let twice = HandleError::of_command(CommandError::CommandIdReused, TEXTS, refused);
    /// assert!(matches!(twice, HandleError::Poison { code, .. } if code == "command_id_reused"));
    /// let late = CommandError::Conflict { attempts: 16 };
    /// let late = HandleError::of_command(late, TEXTS, refused);
    /// assert!(matches!(late, HandleError::Transient(_)));
    /// ```
    pub fn of_command<E: Error + Send + Sync + 'static>(
        error: CommandError<E>,
        texts: EndTexts,
        refused: impl FnOnce(E) -> Self,
    ) -> Self {
        match error {
            CommandError::Refused(refusal) => refused(refusal),
            CommandError::CommandIdReused => Self::poison("command_id_reused", texts.reused),
            CommandError::Rejected { sqlstate } => Self::poison(
                "datos_no_admitidos",
                format!("the database refused the events: {sqlstate}"),
            ),
            CommandError::Undecodable(_) => Self::poison("undecodable", texts.undecodable),
            CommandError::Unencodable(_) => Self::poison("unencodable", texts.unencodable),
            // Nothing is known against the message: it is tried again, and found done where it was.
            passing @ (CommandError::Store(_)
            | CommandError::Unknown(_)
            | CommandError::Conflict { .. }
            | CommandError::VersionMismatch { .. }) => Self::transient(passing),
        }
    }
}
