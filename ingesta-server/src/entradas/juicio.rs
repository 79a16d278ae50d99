//! What the end of a command means for its message: done, refused for good, or to be tried again.
//!
//! Promises: codes stay, and are those of the HTTP door where both know the reason; no text holds a
//! value; an outcome that is unknown is never taken for one of the others.

use ingesta_domain::ingesta::IngestaError;
use ingesta_domain::valor::ValorError;
use ingesta_event_store::{CommandError, Executed};
use ingesta_kafka::envelope::ReadError;
use ingesta_kafka::inbox::{EndTexts, HandleError};

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

const TEXTS: EndTexts = EndTexts {
    reused: "another command with this id was carried out before",
    undecodable: "the ingesta has events that this program cannot read",
    unencodable: "the events of the command cannot be written",
};

/// How a command ended.
pub(super) fn juzgar(
    ended: Result<Executed, CommandError<IngestaError>>,
) -> Result<(), HandleError> {
    let refused = |refusal: IngestaError| HandleError::poison(refusal.code(), refusal.to_string());
    ended
        .map(drop)
        .map_err(|error| HandleError::of_command(error, TEXTS, refused))
}
