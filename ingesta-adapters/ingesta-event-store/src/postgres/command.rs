//! Looking up a command by its id: was it stored, and what did it do?

use super::appender::{stored_fingerprint, stored_outcome};
use super::{Database, classify};
use crate::{CommandOutcome, CommandStamp, StoreError};

/// The command's id stands on its first event; the rest of the command is what the same
/// transaction wrote under the same id. The window around the first event bounds
/// the search in a log whose transactions were merged by a rebase; no command is that large.
const COMMAND: &str = "
select e.aggregate_type, e.aggregate_id, e.sequence, e.xact::text as xact_text, e.position,
       first.command_fp
  from events first
  join events e on e.xact = first.xact
   and e.position between first.position - 50000 and first.position + 50000
   and (e.position = first.position or e.command_of = first.command_id)
 where first.command_id = $1
 order by e.command_id is null, e.position";

/// What the command `id` did, if it was stored.
pub(super) async fn find_command(
    database: &Database,
    id: &str,
) -> Result<Option<(CommandStamp, CommandOutcome)>, StoreError> {
    const ATTEMPTED: &str = "looking up a command";
    if id.contains('\0') {
        // No text of this database has one, so there is no such command.
        return Ok(None);
    }
    let rows = sqlx::query(COMMAND)
        .bind(id)
        .fetch_all(database.pool())
        .await
        .map_err(|e| classify::store(ATTEMPTED, e))?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let read = || -> Result<_, sqlx::Error> {
        let stamp = CommandStamp {
            id: id.to_owned(),
            fingerprint: stored_fingerprint(first)?,
        };
        Ok(Some((stamp, stored_outcome(&rows)?)))
    };
    read().map_err(|e| classify::store(ATTEMPTED, e))
}
