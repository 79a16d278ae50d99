//! When snapshots of an aggregate type are taken, and which of them count.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use cqrs_es::Aggregate;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::schema::{hash, shape};
use super::{SchemaHash, SnapshotStorage};
use crate::StreamId;

/// Snapshots that are being taken at once, for all streams of a policy. Beyond that one is left
/// out: it is only a cache, and the next one is not far.
const UNDER_WAY_MAX: usize = 4;

/// Snapshots of aggregates of type `A`. Cheap to clone; clones share what is under way.
///
/// A snapshot counts only for code with the same schema hash. It is made of `A::TYPE`, of
/// [`version`](Self::version) and of what the default state and the states of the
/// [probes](Self::probed_by) look like in JSON.
///
/// What the hash cannot see needs a new version number: a change of `apply` that no probe
/// exercises, of an upcaster, or of a field that is not serialised. A state whose JSON differs
/// from one process to the next (a `HashSet`, say) makes every process begin anew; the order of a
/// map's keys does not matter.
///
/// The state is kept as plain JSON beside the log. Where the codec seals personal fields, no
/// snapshots are taken, for they would hold what the events keep sealed, and
/// [`Commands`](crate::Commands) delete those that were taken before.
#[derive(Debug)]
pub struct Snapshots<A> {
    every: u64,
    version: u32,
    shape: Option<[u8; 32]>,
    room: Arc<Semaphore>,
    of: PhantomData<fn() -> A>,
}

impl<A> Clone for Snapshots<A> {
    fn clone(&self) -> Self {
        Self {
            room: Arc::clone(&self.room),
            ..*self
        }
    }
}

impl<A: Aggregate> Snapshots<A> {
    /// One after every so many events of a stream, 1 or more (0 counts as 1).
    #[must_use]
    pub fn every(events: u64) -> Self {
        let unprobed = Self {
            every: events.max(1),
            version: 1,
            shape: None,
            room: Arc::new(Semaphore::new(UNDER_WAY_MAX)),
            of: PhantomData,
        };
        unprobed.probed_by(Vec::new())
    }

    /// The number of the fold: raise it when a change would be invisible to the probes.
    #[must_use]
    pub fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// Histories that exercise the fold. Each is folded here and now, and how the state looks
    /// after each event becomes part of the schema hash.
    ///
    /// They also prove that a state survives being written and read. Where one does not, snapshots
    /// are switched off and an error is logged: folding on from it would be wrong.
    #[must_use]
    pub fn probed_by(mut self, histories: Vec<Vec<A::Event>>) -> Self {
        self.shape = shape::<A>(&histories);
        if self.shape.is_none() {
            tracing::error!(
                aggregate = A::TYPE,
                "no snapshots are taken: a state does not survive being written and read"
            );
        }
        self
    }

    /// Which snapshots count; `None`: none do, and none are taken.
    #[must_use]
    pub fn schema(&self) -> Option<SchemaHash> {
        self.shape.map(|shape| hash::<A>(self.version, &shape))
    }

    /// Leave to take a snapshot of a stream that went from one version to another just now.
    pub(crate) fn turn(&self, before: u64, after: u64) -> Option<Turn> {
        if before / self.every == after / self.every {
            return None;
        }
        Some(Turn {
            schema: self.schema()?,
            version: after,
            _room: Arc::clone(&self.room).try_acquire_owned().ok()?,
        })
    }
}

/// Takes a snapshot of a state whose type is not known where the state is, if it is time for one:
/// given the version before, the version now, and the state.
pub(crate) type Taker = Box<
    dyn FnOnce(u64, u64, Box<dyn Any + Send>) -> Option<(Turn, serde_json::Result<String>)> + Send,
>;

impl<A: Aggregate + 'static> Snapshots<A> {
    /// For whoever collects states of several types.
    pub(crate) fn taker(self) -> Taker {
        Box::new(move |before, after, state| {
            let turn = self.turn(before, after)?;
            let state = state.downcast::<A>().ok()?;
            Some((turn, serde_json::to_string(&*state)))
        })
    }
}

/// Leave to take one snapshot; others are kept out while it lasts.
pub(crate) struct Turn {
    schema: SchemaHash,
    version: u64,
    _room: OwnedSemaphorePermit,
}

impl Turn {
    /// Keeps a state, if it could be written. Nobody waits for it, so nobody is told of a failure.
    pub(crate) async fn keep<S: SnapshotStorage + ?Sized>(
        self,
        storage: &S,
        stream: &StreamId,
        state: serde_json::Result<String>,
    ) {
        let (version, schema) = (self.version, &self.schema);
        match state {
            Ok(payload) => {
                let kept = storage.keep_snapshot(stream, schema, version, payload);
                if let Err(error) = kept.await {
                    tracing::debug!(%stream, version, %error, "a snapshot was not kept");
                }
            }
            // The error itself may quote the state.
            Err(_) => tracing::debug!(%stream, version, "a state cannot be written as JSON"),
        }
    }
}
