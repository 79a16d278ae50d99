//! Commands that keep snapshots: switched on here, taken once a command is acknowledged.
//!
//! No caller waits for one, and no command fails for one.

use std::sync::Arc;

use cqrs_es::Aggregate;

use super::{Commands, Loaded, load};
use crate::{Snapshots, StreamId};

impl<A> Commands<A>
where
    A: Aggregate + 'static,
    A::Command: Clone + Send + Sync + 'static,
    A::Services: 'static,
    A::Error: Send + 'static,
{
    /// Keeps the states of long streams beside the log and folds on from them.
    ///
    /// Without it every load folds the whole stream. Whatever becomes of a snapshot, no command
    /// fails for it and no state is different.
    ///
    /// Where the codec seals personal fields none are taken, and those of `A` from before are
    /// deleted, beside everything else; for that it must be called inside a tokio runtime. A
    /// program that still runs without sealing may take new ones: they go at the next start.
    ///
    /// ```
    /// # use std::fmt::Error;
    /// # use std::sync::Arc;
    /// # use cqrs_es::{Aggregate, DomainEvent, event_sink::EventSink};
    /// use ingesta_event_store::{CommandContext, Commands, EventCodec, MemoryStorage, Snapshots};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Default, Serialize, Deserialize)]
    /// struct Scale {
    ///     grams: u64,
    /// }
    ///
    /// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    /// enum ScaleEvent {
    ///     Weighed { grams: u64 },
    /// }
    /// # impl DomainEvent for ScaleEvent {
    /// #     fn event_type(&self) -> String { "Weighed".into() }
    /// #     fn event_version(&self) -> String { "1".into() }
    /// # }
    /// # impl Aggregate for Scale {
    /// #     const TYPE: &'static str = "Scale";
    /// #     type Command = u64;
    /// #     type Event = ScaleEvent;
    /// #     type Error = Error;
    /// #     type Services = ();
    /// #     async fn handle(&mut self, grams: u64, _: &(), sink: &EventSink<Self>)
    /// #         -> Result<(), Error>
    /// #     {
    /// #         sink.write(ScaleEvent::Weighed { grams }, self).await;
    /// #         Ok(())
    /// #     }
    /// #     fn apply(&mut self, ScaleEvent::Weighed { grams }: ScaleEvent) {
    /// #         self.grams += grams;
    /// #     }
    /// # }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let weighed = |grams| ScaleEvent::Weighed { grams };
    /// let snapshots = Snapshots::every(100).probed_by(vec![vec![weighed(1), weighed(2)]]);
    /// // Another version, another schema: what the first one kept is of no use to it.
    /// assert_ne!(snapshots.schema(), snapshots.clone().version(2).schema());
    ///
    /// let storage = Arc::new(MemoryStorage::new());
    /// let scales = Commands::<Scale>::new(storage, EventCodec::default(), ())
    ///     .with_snapshots(snapshots);
    /// for _ in 0..250 {
    ///     scales.execute("kitchen", 2, CommandContext::default()).await?;
    /// }
    /// // Folded from the snapshot at 200 and fifty events, if that one was kept in time.
    /// assert_eq!(scales.load("kitchen").await?.state.grams, 500);
    /// # Ok::<(), ingesta_event_store::CommandError<Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn with_snapshots(mut self, snapshots: Snapshots<A>) -> Self {
        self.snapshots = load::permitted(snapshots, &self.codec);
        if self.codec.seals() {
            load::forget(Arc::clone(&self.storage), A::TYPE);
        }
        self
    }

    /// Keeps what an acknowledged command has left behind: in memory, and now and then beside the
    /// log. The caller has its answer without waiting for that.
    pub(super) fn acknowledged(&self, stream: &StreamId, before: u64, loaded: Box<Loaded<A>>) {
        let snapshots = self.snapshots.as_ref();
        let Some(turn) = snapshots.and_then(|s| s.turn(before, loaded.version)) else {
            self.cache.put(&stream.aggregate_id, loaded);
            return;
        };
        let (this, stream) = (self.clone(), stream.clone());
        tokio::spawn(async move {
            let state = serde_json::to_string(&loaded.state);
            this.cache.put(&stream.aggregate_id, loaded);
            turn.keep(&*this.storage, &stream, state).await;
        });
    }
}
