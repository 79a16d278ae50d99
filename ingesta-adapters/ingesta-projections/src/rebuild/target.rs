//! One projection of a rebuild, whatever the type of its rows.
//!
//! It hands out the projection's fold for a pass over the log, and its follower for the fresh
//! table: the same code under another name.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_trait::async_trait;
use ingesta_event_store::subscription::{ConsumeError, Effect, Subscriber};
use ingesta_event_store::{Database, RecordedEvent, StoreError, TypeFilter};

use super::names::Names;
use super::parked::{Skipped, is_skipped};
use super::pass::{Folds, folds};
use crate::fold::{Changes, Touched};
use crate::row::StoredRow;
use crate::{
    Change, Projection, ProjectionError, ProjectionSubscriber, Reads, TableName, Versioning,
};

/// A projection, without the type of its rows.
pub(crate) trait Target: Send + Sync {
    fn name(&self) -> &str;
    fn table(&self) -> &TableName;
    fn types(&self) -> TypeFilter;
    /// Whether an event touches the row of its own aggregate and no other.
    fn keyed_by_aggregate(&self) -> bool;
    /// Its fold, for a pass over the log.
    fn folds(&self) -> Arc<dyn Folds>;
    /// Its follower, for a fresh table.
    fn follower(
        &self,
        database: &Database,
        names: &Names,
        skipped: &Arc<Skipped>,
    ) -> Arc<dyn Subscriber>;
    /// What the events make of the one row `key`.
    fn fold_one(
        &self,
        key: &str,
        row: Option<StoredRow>,
        events: &[RecordedEvent],
    ) -> Result<Option<StoredRow>, ConsumeError>;
}

/// A projection `P`.
pub(crate) struct Typed<P>(pub(crate) Arc<P>);

impl<P: Projection> Target for Typed<P> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn table(&self) -> &TableName {
        self.0.table()
    }

    fn types(&self) -> TypeFilter {
        self.0.types()
    }

    fn keyed_by_aggregate(&self) -> bool {
        self.0.keyed_by_aggregate()
    }

    fn folds(&self) -> Arc<dyn Folds> {
        folds(Arc::clone(&self.0))
    }

    fn follower(
        &self,
        database: &Database,
        names: &Names,
        skipped: &Arc<Skipped>,
    ) -> Arc<dyn Subscriber> {
        let renamed = Renamed {
            projection: Arc::clone(&self.0),
            name: names.subscription.clone(),
            table: names.fresh.clone(),
        };
        Arc::new(Follower {
            subscriber: ProjectionSubscriber::new(database, renamed),
            skipped: Arc::clone(skipped),
        })
    }

    fn fold_one(
        &self,
        key: &str,
        row: Option<StoredRow>,
        events: &[RecordedEvent],
    ) -> Result<Option<StoredRow>, ConsumeError> {
        let work = || -> Result<Changes, ConsumeError> {
            let touched = Touched::of(&*self.0, events)?.only(key);
            let stored = row.clone().map(|row| (key.to_owned(), row));
            touched.fold(&*self.0, &stored.into_iter().collect())
        };
        // What a panic says is dropped unread: it may quote a payload.
        let folded = std::panic::catch_unwind(AssertUnwindSafe(work))
            .unwrap_or_else(|_| Err(ConsumeError::transient("the projection's code panicked")))?;
        Ok(match folded.into_iter().next() {
            Some((_, changed)) => changed,
            None => row,
        })
    }
}

/// The same projection under another name and into another table.
struct Renamed<P> {
    projection: Arc<P>,
    name: String,
    table: TableName,
}

impl<P: Projection> Projection for Renamed<P> {
    type State = P::State;

    fn name(&self) -> &str {
        &self.name
    }

    fn table(&self) -> &TableName {
        &self.table
    }

    fn types(&self) -> TypeFilter {
        self.projection.types()
    }

    fn keys(&self, event: &RecordedEvent) -> Result<Vec<String>, ProjectionError> {
        self.projection.keys(event)
    }

    fn apply(
        &self,
        key: &str,
        state: &mut P::State,
        event: &RecordedEvent,
    ) -> Result<Change, ProjectionError> {
        self.projection.apply(key, state, event)
    }

    fn versioning(&self) -> Versioning {
        self.projection.versioning()
    }

    fn reads(&self) -> Reads {
        self.projection.reads()
    }

    fn keyed_by_aggregate(&self) -> bool {
        self.projection.keyed_by_aggregate()
    }
}

/// Follows into the fresh table, and passes over what an operator has skipped in the old one.
struct Follower<P> {
    subscriber: ProjectionSubscriber<Renamed<P>>,
    skipped: Arc<Skipped>,
}

#[async_trait]
impl<P: Projection> Subscriber for Follower<P> {
    fn name(&self) -> &str {
        self.subscriber.name()
    }

    fn types(&self) -> TypeFilter {
        self.subscriber.types()
    }

    /// The table is there. If it is not, somebody dropped it, and a new one would be a short view.
    async fn start(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn consume(&self, batch: &[RecordedEvent]) -> Result<Vec<Effect>, ConsumeError> {
        let skipped = |event: &RecordedEvent| is_skipped(&self.skipped, event);
        if !batch.iter().any(skipped) {
            return self.subscriber.consume(batch).await;
        }
        let (places, rest): (Vec<usize>, Vec<RecordedEvent>) = batch
            .iter()
            .enumerate()
            .filter(|(_, event)| !skipped(event))
            .map(|(place, event)| (place, event.clone()))
            .unzip();
        match self.subscriber.consume(&rest).await {
            Err(ConsumeError::Event { index, reason }) => Err(ConsumeError::Event {
                index: places.get(index).copied().unwrap_or(usize::MAX),
                reason,
            }),
            other => other,
        }
    }
}
