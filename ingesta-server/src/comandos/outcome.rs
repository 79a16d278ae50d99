//! How a command ended, as one word for the metrics.

use ingesta_event_store::{CommandError, Executed};

/// The word. A new way to end stops the build here.
pub(crate) fn outcome<E: std::error::Error + 'static>(
    ended: &Result<Executed, CommandError<E>>,
) -> &'static str {
    match ended {
        Ok(executed) if executed.already_done => "already_done",
        Ok(_) => "stored",
        Err(CommandError::Refused(_)) => "refused",
        Err(CommandError::VersionMismatch { .. }) => "version_mismatch",
        Err(CommandError::Conflict { .. }) => "conflict",
        Err(CommandError::CommandIdReused) => "command_id_reused",
        Err(CommandError::Undecodable(_)) => "undecodable",
        Err(CommandError::Unencodable(_)) => "unencodable",
        Err(CommandError::Rejected { .. }) => "rejected",
        Err(CommandError::Unknown(_)) => "unknown",
        Err(CommandError::Store(_)) => "not_stored",
    }
}
