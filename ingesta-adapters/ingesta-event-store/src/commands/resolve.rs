//! An append whose outcome was not heard: asked after by its command id until it is known.

use std::time::Duration;

use crate::{Append, AppendError, CommandOutcome, Storage};

/// How often an append of unknown outcome is asked after, where it has a command id.
const RESOLVE_MAX: u32 = 5;

/// Appends; where the outcome is unknown and the command has an id, asks again until it is known.
///
/// Asking again is the same append: the command id and the expected version let it be stored once
/// at most, so a first one that was stored shows itself as a duplicate.
pub(super) async fn append_resolved(
    storage: &dyn Storage,
    append: Append,
) -> Result<CommandOutcome, AppendError> {
    if append.command.is_none() {
        return storage.append(append).await;
    }
    let mut result = storage.append(append.clone()).await;
    let mut pause = Duration::from_millis(50);
    for _ in 0..RESOLVE_MAX {
        if !matches!(result, Err(AppendError::Unknown(_))) {
            break;
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
        result = match storage.append(append.clone()).await {
            // Not stored this time says nothing about the first time.
            Err(AppendError::NotStored(cause)) => Err(AppendError::Unknown(cause)),
            other => other,
        };
    }
    result
}
