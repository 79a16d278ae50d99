//! A mended row takes its place, in one statement with the parking of its stream.
//!
//! Under the lease of the pause: who lost it writes nothing.

use ingesta_event_store::StoreError;
use ingesta_event_store::subscription::{Arg, Commit, Effect, SqlEffect, Unpark};

use super::Mended;
use super::row::{Aside, Failed, Row};
use crate::database;
use crate::rebuild::RebuildError;
use crate::rebuild::build::Ground;
use crate::rebuild::keep::Kept;
use crate::subscriber::effects;

/// Also back, where the store's own parking goes only forward: the row lacks what stands behind the
/// event. Only if the operator has passed over this very event since it was read (`{3}` is where
/// the stream was parked), that stands. The follower tries the event again in a second.
const PARK: &str = "
insert into ingesta_parked_streams as p
       (subscription, aggregate_type, aggregate_id, sequence, xact, position, code, message,
        attempts, retry_at)
select own.name, e.aggregate_type, e.aggregate_id, e.sequence, e.xact, e.position, u.code,
       u.message, 1, clock_timestamp() + interval '1 s'
  from own, unnest({0}::text[], {1}::text[], {2}::bigint[], {4}::text[], {5}::text[])
            as u(at, ai, seq, code, message)
  join events e on (e.aggregate_type, e.aggregate_id, e.sequence) = (u.at, u.ai, u.seq)
on conflict (subscription, aggregate_type, aggregate_id) do update
   set sequence = excluded.sequence, xact = excluded.xact, position = excluded.position,
       code = excluded.code, message = excluded.message, attempts = excluded.attempts,
       retry_at = excluded.retry_at
 where p.sequence = any ({3}::bigint[]) or p.sequence <> excluded.sequence + 1";

/// Stores the row, and what becomes of its stream.
pub(super) async fn store(
    ground: &Ground,
    kept: &Kept,
    row: Row<'_>,
    failed: Option<Failed>,
    unpark: Vec<Unpark>,
) -> Result<Mended, RebuildError> {
    let (table, key) = (row.target.table(), row.key.to_owned());
    let keys = [key.clone()];
    let stored = database::rows(&ground.database, table, &keys).await;
    let stored = stored.map_err(|e| {
        ingesta_event_store::Database::failure("reading the row that is to be mended", e)
    })?;
    let before = stored.into_values().next();
    let mended = Mended {
        projection: row.target.name().to_owned(),
        before: before.as_ref().map(|row| row.version),
        after: row.row.as_ref().map(|row| row.version),
        changed: match (&before, &row.row) {
            (Some(one), Some(other)) => {
                (one.version, &one.payload) != (other.version, &other.payload)
            }
            (None, None) => false,
            _ => true,
        },
        parked: failed.is_some(),
        unknown: row.unknown,
        position: kept.lease().checkpoint,
    };
    let parked = failed.map(|failed| park(failed, &row.aside));
    let mut effects = effects(table, vec![(key, row.row)]);
    effects.extend(parked);
    let commit = Commit {
        effects,
        unpark,
        ..Commit::default()
    };
    match ground.storage.commit(kept.lease(), commit).await {
        Ok(()) => Ok(mended),
        Err(StoreError::LeaseLost { .. }) => Err(RebuildError::TakenOver {
            projection: mended.projection,
        }),
        Err(error) => Err(error.into()),
    }
}

/// Puts the stream of a failed event aside, wherever it was parked before.
fn park(failed: Failed, aside: &Aside) -> Effect {
    let bigint = |sequence| i64::try_from(sequence).unwrap_or(i64::MAX);
    let before = aside.parked.get(&failed.stream).copied();
    Effect::Sql(SqlEffect {
        sql: PARK.to_owned(),
        args: vec![
            Arg::Texts(vec![failed.stream.aggregate_type.to_string()]),
            Arg::Texts(vec![failed.stream.aggregate_id]),
            Arg::Bigints(vec![bigint(failed.sequence)]),
            Arg::Bigints(before.into_iter().map(bigint).collect()),
            Arg::Texts(vec![failed.reason.code]),
            Arg::Texts(vec![failed.reason.message]),
        ],
    })
}
