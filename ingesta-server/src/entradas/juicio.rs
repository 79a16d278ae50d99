//! What the end of a command means for its message: done, refused for good, or to be tried again.
//!
//! Promises: codes stay, and are those of the HTTP door where both know the reason; no text holds a
//! value; an outcome that is unknown is never taken for one of the others.

use ingesta_domain::ingesta::IngestaError;
use ingesta_domain::valor::ValorError;
use ingesta_event_store::{CommandError, Executed};
use ingesta_kafka::envelope::ReadError;
use ingesta_kafka::inbox::HandleError;

use crate::reacciones::Fallo;

/// A message that could not be read.
pub(super) fn ilegible(error: ReadError) -> HandleError {
    if error.is_transient() {
        return HandleError::transient(error);
    }
    HandleError::poison(error.code(), error.to_string())
}

/// A value that is refused.
pub(super) fn valor(error: &ValorError) -> HandleError {
    HandleError::poison(error.code(), error.to_string())
}

/// A reaction that did not succeed.
pub(super) fn fallo(fallo: Fallo) -> HandleError {
    match fallo {
        Fallo::Evento { code, message } => HandleError::poison(code, message),
        Fallo::Pasajero(cause) => HandleError::transient(cause),
    }
}

/// How a command ended.
pub(super) fn juzgar(
    ended: Result<Executed, CommandError<IngestaError>>,
) -> Result<(), HandleError> {
    let error = match ended {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    Err(match error {
        CommandError::Refused(refusal) => HandleError::poison(refusal.code(), refusal.to_string()),
        CommandError::CommandIdReused => HandleError::poison(
            "command_id_reused",
            "another command with this id was carried out before",
        ),
        CommandError::Rejected { sqlstate } => HandleError::poison(
            "datos_no_admitidos",
            format!("the database refused the events: {sqlstate}"),
        ),
        CommandError::Undecodable(_) => HandleError::poison(
            "undecodable",
            "the ingesta has events that this program cannot read",
        ),
        CommandError::Unencodable(_) => {
            HandleError::poison("unencodable", "the events of the command cannot be written")
        }
        // Nothing is known against the command: it is tried again, and found done where it was.
        passing @ (CommandError::Store(_)
        | CommandError::Unknown(_)
        | CommandError::Conflict { .. }
        | CommandError::VersionMismatch { .. }) => HandleError::transient(passing),
    })
}
