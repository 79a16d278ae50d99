//! Looking up a command by its id: was it stored, and what did it do?

use sqlx::Row;

use super::appender::{stored_fingerprint, stored_outcome};
use super::row::{bigint, position};
use super::{Database, classify};
use crate::{CommandOutcome, CommandStamp, Position, StoreError, StreamId, done};

const ATTEMPTED: &str = "looking up a command";

/// The command's id stands on its first event; the rest of the command is what the same
/// transaction wrote under the same id. The window around the first event bounds
/// the search in a log whose transactions were merged by a rebase; no command is that large.
const COMMAND: &str = "
select e.aggregate_type, e.aggregate_id, e.sequence, e.xact::text as xact_text, e.position,
       first.command_fp, case when first.aggregate_type = $2 then first.payload::text end as found
  from events first
  join events e on e.xact = first.xact
   and e.position between first.position - 50000 and first.position + 50000
   and (e.position = first.position or e.command_of = first.command_id)
 where first.command_id = $1
 order by e.command_id is null, e.position";

/// Where the last of these events is. A command that had nothing to store remembers versions and
/// no place, because a rebase renumbers places.
const PLACE: &str = "
select e.xact::text as xact_text, e.position
  from unnest($1::text[], $2::text[], $3::bigint[]) as f(at, ai, version)
  join events e on e.aggregate_type = f.at and e.aggregate_id = f.ai and e.sequence = f.version
 order by e.xact desc, e.position desc limit 1";

/// What the command `id` did, if it was stored.
pub(super) async fn find_command(
    database: &Database,
    id: &str,
) -> Result<Option<(CommandStamp, CommandOutcome)>, StoreError> {
    if id.contains('\0') {
        // No text of this database has one, so there is no such command.
        return Ok(None);
    }
    let rows = sqlx::query(COMMAND)
        .bind(id)
        .bind(StreamId::COMMANDS)
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
        let found: Option<String> = first.try_get("found")?;
        Ok((stamp, found, stored_outcome(&rows)?))
    };
    let (stamp, found, outcome) = read().map_err(|e| classify::store(ATTEMPTED, e))?;
    match found {
        None => Ok(Some((stamp, outcome))),
        Some(found) => {
            let streams = done::streams(&found)?;
            let position = place(database, &streams).await?;
            Ok(Some((stamp, CommandOutcome { position, streams })))
        }
    }
}

/// Where the last of these versions is in the log.
pub(super) async fn place(
    database: &Database,
    streams: &[(StreamId, u64)],
) -> Result<Position, StoreError> {
    let types: Vec<&str> = streams.iter().map(|(s, _)| &*s.aggregate_type).collect();
    let ids: Vec<&str> = streams.iter().map(|(s, _)| &*s.aggregate_id).collect();
    let versions: Vec<i64> = streams
        .iter()
        .map(|(_, version)| bigint(*version))
        .collect();
    let last = sqlx::query(PLACE)
        .bind(types)
        .bind(ids)
        .bind(versions)
        .fetch_optional(database.pool())
        .await
        .map_err(|e| classify::store(ATTEMPTED, e))?;
    last.map_or(Ok(Position::START), |row| {
        position(&row, "xact_text", "position").map_err(|e| classify::store(ATTEMPTED, e))
    })
}
