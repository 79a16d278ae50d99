//! One row, folded anew and written in its place, while the follower is paused.
//!
//! A row that is keyed by its aggregate is folded from that stream alone. Any other row needs the
//! log from its beginning; most of that is read before the pause. Only the row changes and, where
//! it is keyed by its aggregate, the parking of that stream.

use std::collections::HashMap;
use std::sync::Arc;

use ingesta_event_store::subscription::{Commit, ConsumeError, Park, Unpark};
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
/// How soon a stream that fails again is tried by the follower.
const RETRY: std::time::Duration = std::time::Duration::from_secs(1);

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

/// A row on its way through the log.
struct Row<'a> {
    target: &'a dyn Target,
    key: &'a str,
    skipped: Skipped,
    row: Option<StoredRow>,
}

impl Row<'_> {
    /// Folds events; an event that fails is answered with, and nothing behind it is folded.
    fn take(&mut self, mut events: Vec<RecordedEvent>) -> Result<Option<Park>, RebuildError> {
        events.retain(|event| !is_skipped(&self.skipped, event));
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
        Ok(Some(Park {
            stream: event.stream.clone(),
            sequence: event.sequence,
            position: event.position,
            reason,
            attempts: 1,
            retry_after: Some(RETRY),
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
    let mut row = Row {
        target,
        key,
        skipped: parked::skipped(&ground.database, name).await?,
        row: None,
    };
    let by_stream = match target.types() {
        TypeFilter::Only(types) if target.keyed_by_aggregate() => Some(types),
        TypeFilter::Only(_) | TypeFilter::All => None,
    };
    let mut reached = Position::START;
    if by_stream.is_none() {
        reached = read_to(ground, &mut row, reached, at).await?;
    }
    let kept = live::pause(ground, name).await?;
    let mended = match by_stream {
        Some(types) => {
            let streams = types.into_iter().map(|kind| StreamId::new(kind, key));
            from_streams(ground, &kept, row, streams.collect()).await
        }
        None => match read_to(ground, &mut row, reached, kept.lease().checkpoint).await {
            Ok(_) => store(ground, &kept, row, Vec::new(), Vec::new()).await,
            Err(error) => Err(error),
        },
    };
    kept.release().await;
    mended
}

async fn from_streams(
    ground: &Ground,
    kept: &Kept,
    mut row: Row<'_>,
    streams: Vec<StreamId>,
) -> Result<Mended, RebuildError> {
    let mut events = Vec::new();
    for stream in &streams {
        events.extend(ground.storage.load(stream, 0).await?);
    }
    events.retain(|event| event.position <= kept.lease().checkpoint);
    events.sort_by_key(|event| event.position);
    let failed = row.take(events)?;
    let freed = streams
        .into_iter()
        .filter(|stream| failed.as_ref().is_none_or(|park| park.stream != *stream))
        .map(|stream| Unpark { stream, next: None });
    let freed = freed.collect();
    store(ground, kept, row, failed.into_iter().collect(), freed).await
}

/// Folds the log from behind `from` to `to`, without what is parked.
async fn read_to(
    ground: &Ground,
    row: &mut Row<'_>,
    from: Position,
    to: Position,
) -> Result<Position, RebuildError> {
    let parked = ground.storage.parked(row.target.name()).await?;
    let parked: HashMap<StreamId, u64> = parked
        .into_iter()
        .map(|parked| (parked.stream, parked.sequence))
        .collect();
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
            let cut = parked.get(&event.stream);
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
    park: Vec<Park>,
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
        parked: !park.is_empty(),
        position: kept.lease().checkpoint,
    };
    let commit = Commit {
        effects: effects(table, vec![(key, row.row)]),
        park,
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
