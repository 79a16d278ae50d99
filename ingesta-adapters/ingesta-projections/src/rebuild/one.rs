//! One row, folded anew and written in its place, while the follower is paused.
//!
//! A row that is keyed by its aggregate is folded from that stream alone. Any other row needs the
//! log from its beginning; most of that is read before the pause, and again if a stream was parked,
//! freed or passed over meanwhile. Only the row changes and, where it is keyed by its aggregate,
//! the parking of that stream: it is put back where the row stops, be that before the event that
//! the follower had failed at.

use std::collections::HashMap;
use std::sync::Arc;

use ingesta_event_store::subscription::{
    Arg, Commit, ConsumeError, Effect, ParkReason, SqlEffect, Unpark,
};
use ingesta_event_store::{Position, RecordedEvent, StoreError, StreamId, TypeFilter};

use super::RebuildError;
use super::build::Ground;
use super::keep::Kept;
use super::live;
use super::parked::{self, Skipped, is_skipped};
use super::target::Target;
use crate::TableName;
use crate::database;
use crate::row::StoredRow;
use crate::subscriber::effects;

/// Log entries in one step.
const PAGE: usize = 1_000;
/// How often the log is read beside the running follower; then in the pause.
const ROUNDS_MAX: usize = 3;

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

/// What became of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// Which projection.
    pub projection: String,
    /// The version of the row before; `None`: there was none.
    pub before: Option<u64>,
    /// The version of the row now; `None`: there is none.
    pub after: Option<u64>,
    /// True if the row is another one now, be it of the same version.
    pub changed: bool,
    /// True if the row's stream is parked: an event of it cannot be folded.
    pub parked: bool,
    /// Where the view stood.
    pub position: Position,
}

/// What the view does not hold although it is in the log.
#[derive(Clone, PartialEq, Eq)]
struct Aside {
    /// Streams that stop before the sequence.
    parked: HashMap<StreamId, u64>,
    skipped: Skipped,
}

impl Aside {
    async fn read(ground: &Ground, projection: &str) -> Result<Self, StoreError> {
        let parked = ground.storage.parked(projection).await?.into_iter();
        Ok(Self {
            parked: parked.map(|row| (row.stream, row.sequence)).collect(),
            skipped: parked::skipped(&ground.database, projection).await?,
        })
    }
}

/// An event that cannot be folded.
struct Failed {
    stream: StreamId,
    sequence: u64,
    reason: ParkReason,
}

/// A row on its way through the log.
struct Row<'a> {
    target: &'a dyn Target,
    key: &'a str,
    aside: Aside,
    row: Option<StoredRow>,
}

impl<'a> Row<'a> {
    fn new(target: &'a dyn Target, key: &'a str, aside: Aside) -> Self {
        Self {
            target,
            key,
            aside,
            row: None,
        }
    }

    /// Folds events; an event that fails is answered with, and nothing behind it is folded.
    fn take(&mut self, mut events: Vec<RecordedEvent>) -> Result<Option<Failed>, RebuildError> {
        events.retain(|event| !is_skipped(&self.aside.skipped, event));
        let fold = |row, events: &[RecordedEvent]| self.target.fold_one(self.key, row, events);
        let (index, reason) = match fold(self.row.clone(), &events) {
            Ok(row) => {
                self.row = row;
                return Ok(None);
            }
            Err(ConsumeError::Event { index, reason }) if index < events.len() => (index, reason),
            Err(error) => return Err(self.refused(&error.to_string())),
        };
        let before = fold(self.row.clone(), &events[..index]);
        self.row = before.map_err(|error| self.refused(&error.to_string()))?;
        let event = &events[index];
        Ok(Some(Failed {
            stream: event.stream.clone(),
            sequence: event.sequence,
            reason,
        }))
    }

    fn refused(&self, message: &str) -> RebuildError {
        RebuildError::Fold {
            projection: self.target.name().to_owned(),
            message: message.to_owned(),
        }
    }
}

/// Mends the row `key`.
pub(crate) async fn mend(
    ground: &Arc<Ground>,
    target: &dyn Target,
    key: &str,
) -> Result<Mended, RebuildError> {
    let name = target.name();
    let Some(at) = ground.storage.checkpoint(name).await? else {
        return Err(RebuildError::NeverRan {
            projection: name.to_owned(),
        });
    };
    if key.contains('\0') || key.len() > TableName::KEY_BYTES_MAX {
        return Err(RebuildError::Unusable {
            message: "no row has such a key".to_owned(),
        });
    }
    match target.types() {
        TypeFilter::Only(types) if target.keyed_by_aggregate() => {
            let kept = live::pause(ground, name).await?;
            let streams = types.into_iter().map(|kind| StreamId::new(kind, key));
            let mended = from_streams(ground, &kept, target, key, streams.collect()).await;
            kept.release().await;
            mended
        }
        TypeFilter::Only(_) | TypeFilter::All => from_log(ground, target, key, at).await,
    }
}

/// The row of the whole log, of which what stands up to `at` is read before the pause.
async fn from_log(
    ground: &Arc<Ground>,
    target: &dyn Target,
    key: &str,
    at: Position,
) -> Result<Mended, RebuildError> {
    for _ in 0..ROUNDS_MAX {
        let aside = Aside::read(ground, target.name()).await?;
        let mut row = Row::new(target, key, aside);
        let read = read_to(ground, &mut row, Position::START, at).await;
        let kept = live::pause(ground, target.name()).await?;
        let mended = go_on(ground, &kept, row, read).await;
        kept.release().await;
        if let Some(mended) = mended.transpose() {
            return mended;
        }
        let projection = target.name();
        tracing::debug!(projection, "parked streams have changed: read anew");
    }
    let kept = live::pause(ground, target.name()).await?;
    let mended = in_the_pause(ground, &kept, target, key).await;
    kept.release().await;
    mended
}

/// The rest of the log, in the pause; `None` if what was read before is no longer what the view
/// holds: then a stream that was left out may have caught up behind the reader's back.
async fn go_on(
    ground: &Ground,
    kept: &Kept,
    mut row: Row<'_>,
    read: Result<Position, RebuildError>,
) -> Result<Option<Mended>, RebuildError> {
    if Aside::read(ground, row.target.name()).await? != row.aside {
        return Ok(None);
    }
    read_to(ground, &mut row, read?, kept.lease().checkpoint).await?;
    store(ground, kept, row, None, Vec::new()).await.map(Some)
}

async fn in_the_pause(
    ground: &Ground,
    kept: &Kept,
    target: &dyn Target,
    key: &str,
) -> Result<Mended, RebuildError> {
    let aside = Aside::read(ground, target.name()).await?;
    let mut row = Row::new(target, key, aside);
    read_to(ground, &mut row, Position::START, kept.lease().checkpoint).await?;
    store(ground, kept, row, None, Vec::new()).await
}

async fn from_streams(
    ground: &Ground,
    kept: &Kept,
    target: &dyn Target,
    key: &str,
    streams: Vec<StreamId>,
) -> Result<Mended, RebuildError> {
    let aside = Aside::read(ground, target.name()).await?;
    let mut row = Row::new(target, key, aside);
    let mut events = Vec::new();
    for stream in &streams {
        events.extend(ground.storage.load(stream, 0).await?);
    }
    events.retain(|event| event.position <= kept.lease().checkpoint);
    events.sort_by_key(|event| event.position);
    let failed = row.take(events)?;
    let freed = streams
        .into_iter()
        .filter(|stream| {
            failed
                .as_ref()
                .is_none_or(|failed| failed.stream != *stream)
        })
        .map(|stream| Unpark { stream, next: None });
    let freed = freed.collect();
    store(ground, kept, row, failed, freed).await
}

/// Folds the log from behind `from` to `to`, without what is parked.
async fn read_to(
    ground: &Ground,
    row: &mut Row<'_>,
    from: Position,
    to: Position,
) -> Result<Position, RebuildError> {
    let types = row.target.types();
    let mut reached = from;
    while reached < to {
        let page = ground.storage.read_after(reached, &types, PAGE).await?;
        if page.reached == reached {
            break;
        }
        reached = page.reached.min(to);
        let mut events = page.events;
        events.retain(|event| {
            let cut = row.aside.parked.get(&event.stream);
            event.position <= to && cut.is_none_or(|cut| event.sequence < *cut)
        });
        if row.take(events)?.is_some() {
            let message = "an event that the view holds cannot be folded: rebuild all of it";
            return Err(row.refused(message));
        }
    }
    Ok(reached)
}

async fn store(
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
