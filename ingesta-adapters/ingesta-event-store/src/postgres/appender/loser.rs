//! Why a command was not stored: was somebody faster, or was it itself stored before?

use crate::postgres::Database;
use crate::postgres::command::find_command;
use crate::{Append, AppendError};

/// The error of a command that lost.
pub(super) async fn judge(database: &Database, append: &Append) -> AppendError {
    let Some(asked) = &append.command else {
        return AppendError::Conflict;
    };
    match find_command(database, &asked.id).await {
        Ok(None) => AppendError::Conflict,
        Ok(Some((stored, outcome))) if stored.fingerprint == asked.fingerprint => {
            AppendError::Duplicate(outcome)
        }
        Ok(Some(_)) => AppendError::CommandIdReused,
        Err(cause) => AppendError::NotStored(cause),
    }
}
