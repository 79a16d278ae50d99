//! The whole store in memory: the same promises as on Postgres, for tests and for trying things.
//!
//! One lock holds the log, the commands and the subscriptions, so every append and every commit
//! is all or none. Time is a clock that tests can push on, and faults can be ordered in advance.
//! It does not survive its process, is not shared between processes, and runs no SQL: an effect
//! in SQL is refused and nothing of its commit is stored.

mod append;
mod clock;
mod faults;
mod log;
mod snapshots;
mod subscriptions;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;
use uuid::Uuid;

pub use clock::MemoryClock;
pub use faults::Faults;

use crate::{
    Append, AppendError, CommandOutcome, CommandStamp, EventStorage, Horizon, Lag, Page, Position,
    RecordedEvent, StoreError, StreamId, TypeFilter,
};

/// A store in memory. A clone is the same store.
///
/// ```
/// use ingesta_event_store::{Append, AppendError, EventStorage, MemoryStorage, NewEvent};
/// use ingesta_event_store::{StreamAppend, StreamId};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = MemoryStorage::new();
/// let event = NewEvent {
///     event_type: "Opened".into(),
///     event_version: "1".into(),
///     payload: "{}".into(),
///     metadata: "{}".into(),
/// };
/// let stream = StreamId::new("account", "1");
/// let opened = Append {
///     streams: vec![StreamAppend { stream, expected_version: 0, events: vec![event] }],
///     command: None,
/// };
/// assert!(store.append(opened.clone()).await.is_ok());
///
/// // The second one was decided on a version that is not the newest any more.
/// assert!(matches!(store.append(opened).await, Err(AppendError::Conflict)));
/// # });
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryStorage {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    identity: Uuid,
    state: Mutex<State>,
    clock: MemoryClock,
    faults: Faults,
    appended: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    log: log::Log,
    subscriptions: subscriptions::Subscriptions,
    snapshots: snapshots::Kept,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            identity: Uuid::new_v4(),
            state: Mutex::default(),
            clock: MemoryClock::default(),
            faults: Faults::default(),
            appended: watch::Sender::new(0),
        }
    }
}

impl MemoryStorage {
    /// An empty store on a clock of its own.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The clock of leases, retries and `recorded_at`.
    #[must_use]
    pub fn clock(&self) -> &MemoryClock {
        &self.inner.clock
    }

    /// Failures to come, for tests of what is built on a store.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    /// The lock outlives a panic of an effect: effects run before anything else is changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl EventStorage for MemoryStorage {
    async fn append(&self, append: Append) -> Result<CommandOutcome, AppendError> {
        if let Some(error) = self.inner.faults.next_append() {
            return Err(error);
        }
        let outcome = append::append(&mut self.state().log, append, self.inner.clock.now())?;
        self.inner.appended.send_modify(|count| *count += 1);
        match self.inner.faults.next_lost_append() {
            Some(lost) => Err(AppendError::Unknown(lost)),
            None => Ok(outcome),
        }
    }

    async fn load(&self, stream: &StreamId, after: u64) -> Result<Vec<RecordedEvent>, StoreError> {
        self.inner.faults.next_read()?;
        Ok(self.state().log.load(stream, after))
    }

    async fn read_after(
        &self,
        after: Position,
        types: &TypeFilter,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.inner.faults.next_read()?;
        Ok(self.state().log.read_after(after, types, limit))
    }

    async fn command(
        &self,
        id: &str,
    ) -> Result<Option<(CommandStamp, CommandOutcome)>, StoreError> {
        self.inner.faults.next_read()?;
        Ok(self.state().log.commands.get(id).cloned())
    }

    async fn head(&self) -> Result<Position, StoreError> {
        Ok(self.state().log.head())
    }

    async fn lag(&self, after: Position) -> Result<Lag, StoreError> {
        Ok(self.state().log.lag(after, self.inner.clock.now()))
    }

    async fn horizon(&self) -> Result<Horizon, StoreError> {
        // Before the lock: an append takes its time under it.
        let now = self.inner.clock.now();
        let next = self.state().log.commits + 1;
        Ok(Horizon {
            now,
            over: next,
            begun: next,
            adopted_at: None,
        })
    }

    async fn identity(&self) -> Result<String, StoreError> {
        Ok(self.inner.identity.simple().to_string())
    }

    fn appended(&self) -> watch::Receiver<u64> {
        self.inner.appended.subscribe()
    }
}
