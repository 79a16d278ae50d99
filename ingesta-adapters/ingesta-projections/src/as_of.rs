//! A row as it was: the fold of a projection up to a version, a place in the log, or a time.
//!
//! Promises: the same rules as the live fold, over the events that the moment holds; what cannot be
//! folded is an error that names the event, never a row without it.
//! Does not: look at the projection's table, or at what an operator had it skip. It reads the log:
//! one stream where rows are keyed by their aggregate, else all of it up to the moment, in pages.

use std::collections::HashSet;
use std::time::Duration;

use ingesta_event_store::{
    AsOfError, Moment, Past, Position, RecordedEvent, Storage, StreamId, TypeFilter, settle,
    stream_as_of,
};

use crate::fold::{UNSERIALIZABLE, valid};
use crate::live_row::{LiveRow, Taken};
use crate::row::StoredRow;
use crate::{Projection, ProjectionError, Row, RowError, Versioning};

/// Log entries in memory at once.
const PAGE: usize = 1_000;

/// Why a past row was not answered.
#[derive(Debug, thiserror::Error)]
pub enum RowAsOfError {
    /// The moment is refused, or the log could not be read.
    #[error(transparent)]
    AsOf(#[from] AsOfError),
    /// An event of the moment cannot be folded. A live view parks its stream there.
    #[error("event {stream}/{sequence} cannot be folded")]
    Fold {
        /// Whose event.
        stream: StreamId,
        /// Which one.
        sequence: u64,
        /// What is wrong with it.
        #[source]
        cause: ProjectionError,
    },
    /// The row does not come back from its JSON, as it would not from the table.
    #[error(transparent)]
    Row(#[from] RowError),
}

/// The row `key` of a projection as of a moment, waiting at most `wait` for the moment to be
/// settled. `None`: there was no such row.
///
/// A version is the row's: under [`Versioning::StreamSequence`] the aggregate's; under
/// [`Versioning::Applied`] the number of events that the row of today has taken in, so that what a
/// row with the same key was before it was removed is not asked for.
///
/// An instant cuts each stream for itself, as [`Moment`] says. (Where the clock was set back, events
/// that touch other rows do not cut a stream here.)
///
/// Where the projection is not [keyed by the aggregate](Projection::keyed_by_aggregate) this reads
/// the log from its beginning to the moment, and for a version to its end: an operator's question,
/// not a request's.
///
/// # Errors
/// See [`RowAsOfError`].
pub async fn as_of<P: Projection>(
    storage: &dyn Storage,
    projection: &P,
    key: &str,
    moment: Moment,
    wait: Duration,
) -> Result<Option<Row<P::State>>, RowAsOfError> {
    let mut fold = Fold::new(projection, key, moment);
    match projection.types() {
        TypeFilter::Only(types) if projection.keyed_by_aggregate() => {
            let streams = types.into_iter().map(|kind| StreamId::new(kind, key));
            let streams: Vec<_> = streams.collect();
            fold.streams(storage, &streams, wait).await?;
        }
        TypeFilter::Only(_) | TypeFilter::All => fold.log(storage, wait).await?,
    }
    fold.end()
}

/// What the question says about versions.
#[derive(Clone, Copy)]
enum Asked {
    /// Nothing: the moment is a place or a time.
    Nothing,
    /// The aggregate's version; the greatest sequence seen so far beside it.
    Sequence { asked: u64, current: u64 },
    /// The version of the row, counted by itself.
    Applied(u64),
}

struct Fold<'a, P: Projection> {
    projection: &'a P,
    key: &'a str,
    moment: Moment,
    asked: Asked,
    row: LiveRow<P::State>,
    /// The row of today when its version was the one that is asked for. It is kept as the text
    /// that a table would hold, for a state cannot be copied otherwise.
    at_version: Option<StoredRow>,
    /// Streams that the moment has cut off.
    ended: HashSet<StreamId>,
}

impl<'a, P: Projection> Fold<'a, P> {
    fn new(projection: &'a P, key: &'a str, moment: Moment) -> Self {
        let asked = match (moment, projection.versioning()) {
            (Moment::Version(asked), Versioning::StreamSequence) => {
                Asked::Sequence { asked, current: 0 }
            }
            (Moment::Version(asked), Versioning::Applied) => Asked::Applied(asked),
            (Moment::Position(_) | Moment::Instant(_), _) => Asked::Nothing,
        };
        Self {
            projection,
            key,
            moment,
            asked,
            row: LiveRow::absent(),
            at_version: None,
            ended: HashSet::new(),
        }
    }

    /// Folds the streams that may feed a row that is keyed by its aggregate.
    async fn streams(
        &mut self,
        storage: &dyn Storage,
        streams: &[StreamId],
        wait: Duration,
    ) -> Result<(), RowAsOfError> {
        let mut events = Vec::new();
        for stream in streams {
            events.extend(match self.moment {
                // How far the row has come is known when all of them are here.
                Moment::Version(_) => storage.load(stream, 0).await.map_err(AsOfError::from)?,
                moment @ (Moment::Position(_) | Moment::Instant(_)) => {
                    stream_as_of(storage, stream, moment, wait).await?.events
                }
            });
        }
        events.sort_by_key(|event| event.position);
        events.iter().try_for_each(|event| self.take(event))
    }

    /// Folds what touches the row, from the whole log up to the moment.
    async fn log(&mut self, storage: &dyn Storage, wait: Duration) -> Result<(), RowAsOfError> {
        let past = settle(storage, self.moment, wait).await?;
        let end = match past.end() {
            Some(end) => end,
            None => storage.head().await.map_err(AsOfError::from)?,
        };
        let (types, mut reached) = (self.projection.types(), Position::START);
        loop {
            let page = storage.read_after(reached, &types, PAGE).await;
            let page = page.map_err(AsOfError::from)?;
            for event in page.events.iter().filter(|event| event.position <= end) {
                self.take_from_log(&past, event)?;
            }
            reached = page.reached;
            if !page.more || reached >= end {
                return Ok(());
            }
        }
    }

    fn take_from_log(&mut self, past: &Past, event: &RecordedEvent) -> Result<(), RowAsOfError> {
        if self.ended.contains(&event.stream) {
            return Ok(());
        }
        let keys = self.projection.keys(event).and_then(valid);
        if !keys.map_err(|e| failed(event, e))?.contains(self.key) {
            return Ok(());
        }
        if matches!(self.moment, Moment::Instant(_)) && !past.holds(event)? {
            self.ended.insert(event.stream.clone());
            return Ok(());
        }
        self.take(event)
    }

    fn take(&mut self, event: &RecordedEvent) -> Result<(), RowAsOfError> {
        if let Asked::Sequence { asked, current } = &mut self.asked {
            *current = event.sequence.max(*current);
            if event.sequence > *asked {
                return Ok(());
            }
        }
        let taken = self.row.take(self.projection, self.key, event);
        let changed = taken.map_err(|e| failed(event, e))? == Taken::Changed;
        if let Asked::Applied(asked) = self.asked
            && changed
        {
            if !self.row.there {
                self.at_version = None;
            } else if self.row.version == asked {
                let payload = serde_json::to_string(&self.row.state).map_err(|_| {
                    let (code, message) = UNSERIALIZABLE;
                    failed(event, ProjectionError::refused(code, message))
                })?;
                let version = asked;
                self.at_version = Some(StoredRow { version, payload });
            }
        }
        Ok(())
    }

    fn end(self) -> Result<Option<Row<P::State>>, RowAsOfError> {
        let (row, id) = (self.row, self.key.to_owned());
        let (asked, current) = match self.asked {
            Asked::Applied(0) => return Ok(None),
            Asked::Applied(asked) => match self.at_version {
                Some(stored) => return Ok(Some(stored.typed(id, self.projection.table())?)),
                None => (asked, row.version),
            },
            Asked::Sequence { asked, current } if asked > current => (asked, current),
            Asked::Sequence { .. } | Asked::Nothing => {
                return Ok(row.there.then_some(Row {
                    id,
                    version: row.version,
                    state: row.state,
                }));
            }
        };
        Err(AsOfError::VersionNotReached { asked, current }.into())
    }
}

fn failed(event: &RecordedEvent, cause: ProjectionError) -> RowAsOfError {
    RowAsOfError::Fold {
        stream: event.stream.clone(),
        sequence: event.sequence,
        cause,
    }
}
