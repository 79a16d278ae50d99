//! The ports of the store: the log, and what subscriptions keep. (Snapshots: `snapshot`.)
//!
//! Everything above them (commands, runner, projections) is the same on Postgres and in memory;
//! one contract suite in `ingesta-testing` holds both to the same promises.

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use crate::subscription::{Commit, Lease, ParkedStream, SubscriptionStatus};
use crate::{
    Append, AppendError, CommandOutcome, CommandStamp, Horizon, Lag, Page, Position, RecordedEvent,
};
use crate::{SnapshotStorage, StoreError, StreamId, TypeFilter};

/// Appending and reading events.
#[async_trait]
pub trait EventStorage: Send + Sync + 'static {
    /// Stores the events of one command, all or none, durably.
    ///
    /// # Errors
    /// Every way it can end otherwise, see [`AppendError`].
    async fn append(&self, append: Append) -> Result<CommandOutcome, AppendError>;

    /// The events of one stream with a sequence greater than `after`, in order.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn load(&self, stream: &StreamId, after: u64) -> Result<Vec<RecordedEvent>, StoreError>;

    /// At most `limit` log entries after `after`, in log order; nothing can later appear before
    /// the last of them. Entries that `types` leaves out are passed over but move the page on.
    ///
    /// # Errors
    /// When the store does not answer, or the log is out of order.
    async fn read_after(
        &self,
        after: Position,
        types: &TypeFilter,
        limit: usize,
    ) -> Result<Page, StoreError>;

    /// What a stored command did, and with which fingerprint.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn command(&self, id: &str)
    -> Result<Option<(CommandStamp, CommandOutcome)>, StoreError>;

    /// The position of the last committed event, readable by followers already or not.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn head(&self) -> Result<Position, StoreError>;

    /// How far a reader at `after` is behind, and who holds it up.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn lag(&self, after: Position) -> Result<Lag, StoreError>;

    /// The store's clock, and which transactions are over; for questions about the past.
    ///
    /// # Errors
    /// When the store does not answer. [`StoreError::Unsupported`] unless it says otherwise: a
    /// store that cannot tell is not asked about the past.
    async fn horizon(&self) -> Result<Horizon, StoreError> {
        Err(StoreError::Unsupported {
            what: "tell what is settled",
        })
    }

    /// Which log this is: the same word for everybody who works on this store, and another one for
    /// any other store. Short, of `0-9a-f`. A dump that is restored elsewhere is another log; a
    /// physical copy of a whole database cluster cannot be told from its original.
    ///
    /// # Errors
    /// When the store does not answer. [`StoreError::Unsupported`] unless it says otherwise.
    async fn identity(&self) -> Result<String, StoreError> {
        Err(StoreError::Unsupported {
            what: "tell which log it is",
        })
    }

    /// Changes whenever this process has appended. A hint: readers must also look by themselves.
    fn appended(&self) -> watch::Receiver<u64>;
}

/// Leases, checkpoints and parked streams.
#[async_trait]
pub trait SubscriptionStorage: Send + Sync + 'static {
    /// Takes the lease if it is free or has run out. `None`: somebody else holds it.
    ///
    /// A subscription that does not exist yet is made, at [`Position::START`].
    ///
    /// # Errors
    /// [`StoreError::ClusterChanged`], or the store does not answer.
    async fn acquire(
        &self,
        name: &str,
        owner: &str,
        lease: Duration,
    ) -> Result<Option<Lease>, StoreError>;

    /// Stores effects, checkpoint and parked streams together, renewing the lease.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`]: nothing was written.
    async fn commit(&self, lease: &Lease, commit: Commit) -> Result<(), StoreError>;

    /// Gives the lease back, so that another owner need not wait for it to run out.
    ///
    /// # Errors
    /// When the store does not answer. A lost lease is not an error here.
    async fn release(&self, lease: &Lease) -> Result<(), StoreError>;

    /// The parked streams of a subscription, oldest first.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn parked(&self, name: &str) -> Result<Vec<ParkedStream>, StoreError>;

    /// Every subscription, by name.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn subscriptions(&self) -> Result<Vec<SubscriptionStatus>, StoreError>;

    /// The checkpoint of one subscription; `None` if it never ran.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn checkpoint(&self, name: &str) -> Result<Option<Position>, StoreError>;

    /// Makes a parked stream due now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if it is not parked.
    async fn resume(&self, name: &str, stream: &StreamId) -> Result<(), StoreError>;

    /// Passes over the one event that a parked stream failed on; the ones behind it become due.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the stream is not parked at this sequence, or has not failed
    /// there: an event that was never tried is not passed over by a second word.
    async fn skip(&self, name: &str, stream: &StreamId, sequence: u64) -> Result<(), StoreError>;
}

/// A whole store.
pub trait Storage: EventStorage + SubscriptionStorage + SnapshotStorage {}

impl<S: EventStorage + SubscriptionStorage + SnapshotStorage> Storage for S {}
