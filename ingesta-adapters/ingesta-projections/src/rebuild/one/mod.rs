//! One row, folded anew and written in its place, while the follower is paused.
//!
//! A row that is keyed by its aggregate is folded from that stream alone. Any other row needs the
//! log from its beginning; most of that is read before the pause, and again if a stream was parked,
//! freed or passed over meanwhile. Only the row changes and, where it is keyed by its aggregate,
//! the parking of that stream: it is put back where the row stops, be that before the event that
//! the follower had failed at.

mod row;
mod store;

use std::sync::Arc;

use ingesta_event_store::subscription::Unpark;
use ingesta_event_store::{Position, StreamId, TypeFilter};

use super::build::Ground;
use super::keep::Kept;
use super::target::Target;
use super::{RebuildError, fresh, live};
use crate::TableName;
use row::{Aside, Row};
use store::store;

/// Log entries in one step.
const PAGE: usize = 1_000;
/// How often the log is read beside the running follower; then in the pause.
const ROUNDS_MAX: usize = 3;

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
    /// True if the key is the id of an aggregate and the log has none with it: a row under such a
    /// key was deleted. Never true where keys are something else.
    pub unknown: bool,
    /// Where the view stood.
    pub position: Position,
}

/// Mends the row `key`. Told to stop, it reads no more: the follower goes on, and the row is as it
/// was.
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
    fresh::check_there(&ground.database, target).await?;
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
        if matches!(read, Err(RebuildError::Cancelled)) {
            return Err(RebuildError::Cancelled);
        }
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
    let read = async {
        let aside = Aside::read(ground, target.name()).await?;
        let mut events = Vec::new();
        for stream in &streams {
            events.extend(ground.storage.load(stream, 0).await?);
        }
        Ok((aside, events))
    };
    let (aside, mut events) = ground.until_stopped(read).await?;
    let mut row = Row::new(target, key, aside);
    row.unknown = events.is_empty();
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
        let page = async { Ok(ground.storage.read_after(reached, &types, PAGE).await?) };
        let page = ground.until_stopped(page).await?;
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
