//! A store that rings nobody: what a follower would have if it only looked at the clock.
//!
//! Everything else it hands on to the store that it covers.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ingesta_event_store::subscription::{Commit, Lease, ParkedStream, SubscriptionStatus};
use ingesta_event_store::{
    Append, AppendError, CommandOutcome, CommandStamp, EventStorage, FromSnapshot, Horizon, Lag,
    Page, Position, RecordedEvent, SchemaHash, SnapshotStorage, Storage, StoreError, StreamId,
    SubscriptionStorage, TypeFilter,
};
use tokio::sync::watch;

/// The covered store.
pub struct Quiet {
    store: Arc<dyn Storage>,
    /// Kept, so that followers do not take the store for gone.
    never: watch::Sender<u64>,
}

impl Quiet {
    /// Covers a store.
    #[must_use]
    pub fn new(store: Arc<dyn Storage>) -> Self {
        let never = watch::Sender::new(0);
        Self { store, never }
    }
}

#[async_trait]
impl EventStorage for Quiet {
    async fn append(&self, append: Append) -> Result<CommandOutcome, AppendError> {
        self.store.append(append).await
    }

    async fn load(&self, stream: &StreamId, after: u64) -> Result<Vec<RecordedEvent>, StoreError> {
        self.store.load(stream, after).await
    }

    async fn read_after(
        &self,
        after: Position,
        types: &TypeFilter,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.store.read_after(after, types, limit).await
    }

    async fn command(
        &self,
        id: &str,
    ) -> Result<Option<(CommandStamp, CommandOutcome)>, StoreError> {
        self.store.command(id).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.store.head().await
    }

    async fn lag(&self, after: Position) -> Result<Lag, StoreError> {
        self.store.lag(after).await
    }

    async fn horizon(&self) -> Result<Horizon, StoreError> {
        self.store.horizon().await
    }

    async fn identity(&self) -> Result<String, StoreError> {
        self.store.identity().await
    }

    fn appended(&self) -> watch::Receiver<u64> {
        self.never.subscribe()
    }
}

#[async_trait]
impl SubscriptionStorage for Quiet {
    async fn acquire(
        &self,
        name: &str,
        owner: &str,
        lease: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        self.store.acquire(name, owner, lease).await
    }

    async fn commit(&self, lease: &Lease, commit: Commit) -> Result<(), StoreError> {
        self.store.commit(lease, commit).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.store.release(lease).await
    }

    async fn parked(&self, name: &str) -> Result<Vec<ParkedStream>, StoreError> {
        self.store.parked(name).await
    }

    async fn subscriptions(&self) -> Result<Vec<SubscriptionStatus>, StoreError> {
        self.store.subscriptions().await
    }

    async fn checkpoint(&self, name: &str) -> Result<Option<Position>, StoreError> {
        self.store.checkpoint(name).await
    }

    async fn resume(&self, name: &str, stream: &StreamId) -> Result<(), StoreError> {
        self.store.resume(name, stream).await
    }

    async fn skip(&self, name: &str, stream: &StreamId, sequence: u64) -> Result<(), StoreError> {
        self.store.skip(name, stream, sequence).await
    }
}

#[async_trait]
impl SnapshotStorage for Quiet {
    async fn load_from_snapshot(
        &self,
        stream: &StreamId,
        schema: &SchemaHash,
    ) -> Result<FromSnapshot, StoreError> {
        self.store.load_from_snapshot(stream, schema).await
    }

    async fn keep_snapshot(
        &self,
        stream: &StreamId,
        schema: &SchemaHash,
        version: u64,
        payload: String,
    ) -> Result<bool, StoreError> {
        self.store
            .keep_snapshot(stream, schema, version, payload)
            .await
    }

    async fn forget_snapshots(&self, aggregate_type: &str) -> Result<u64, StoreError> {
        self.store.forget_snapshots(aggregate_type).await
    }
}
