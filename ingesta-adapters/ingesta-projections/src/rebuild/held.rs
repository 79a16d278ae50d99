//! The store as the follower of a fresh table sees it: its lease is the one that the rebuild holds.
//!
//! A rebuild holds one lease from its beginning to its end. The follower that it starts in between
//! works under the same lease instead of taking one of its own, so there is no moment at which
//! somebody else could begin the same rebuild.

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

/// A store whose lease of one subscription was taken already.
pub(crate) struct Held {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) lease: Lease,
}

#[async_trait]
impl EventStorage for Held {
    async fn append(&self, append: Append) -> Result<CommandOutcome, AppendError> {
        self.storage.append(append).await
    }

    async fn load(&self, stream: &StreamId, after: u64) -> Result<Vec<RecordedEvent>, StoreError> {
        self.storage.load(stream, after).await
    }

    async fn read_after(
        &self,
        after: Position,
        types: &TypeFilter,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.storage.read_after(after, types, limit).await
    }

    async fn command(
        &self,
        id: &str,
    ) -> Result<Option<(CommandStamp, CommandOutcome)>, StoreError> {
        self.storage.command(id).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.storage.head().await
    }

    async fn lag(&self, after: Position) -> Result<Lag, StoreError> {
        self.storage.lag(after).await
    }

    async fn horizon(&self) -> Result<Horizon, StoreError> {
        self.storage.horizon().await
    }

    async fn identity(&self) -> Result<String, StoreError> {
        self.storage.identity().await
    }

    fn appended(&self) -> watch::Receiver<u64> {
        self.storage.appended()
    }
}

#[async_trait]
impl SubscriptionStorage for Held {
    async fn acquire(&self, name: &str, _: &str, _: Duration) -> Result<Option<Lease>, StoreError> {
        if name != self.lease.name {
            return Err(StoreError::Unsupported {
                what: "take the lease of another subscription",
            });
        }
        let checkpoint = self.storage.checkpoint(name).await?.unwrap_or_default();
        Ok(Some(Lease {
            checkpoint,
            ..self.lease.clone()
        }))
    }

    async fn commit(&self, lease: &Lease, commit: Commit) -> Result<(), StoreError> {
        self.storage.commit(lease, commit).await
    }

    /// The rebuild goes on, and so does its lease.
    async fn release(&self, _: &Lease) -> Result<(), StoreError> {
        Ok(())
    }

    async fn parked(&self, name: &str) -> Result<Vec<ParkedStream>, StoreError> {
        self.storage.parked(name).await
    }

    async fn subscriptions(&self) -> Result<Vec<SubscriptionStatus>, StoreError> {
        self.storage.subscriptions().await
    }

    async fn checkpoint(&self, name: &str) -> Result<Option<Position>, StoreError> {
        self.storage.checkpoint(name).await
    }

    async fn resume(&self, name: &str, stream: &StreamId) -> Result<(), StoreError> {
        self.storage.resume(name, stream).await
    }

    async fn skip(&self, name: &str, stream: &StreamId, sequence: u64) -> Result<(), StoreError> {
        self.storage.skip(name, stream, sequence).await
    }
}

#[async_trait]
impl SnapshotStorage for Held {
    async fn load_from_snapshot(
        &self,
        stream: &StreamId,
        schema: &SchemaHash,
    ) -> Result<FromSnapshot, StoreError> {
        self.storage.load_from_snapshot(stream, schema).await
    }

    async fn keep_snapshot(
        &self,
        stream: &StreamId,
        schema: &SchemaHash,
        version: u64,
        payload: String,
    ) -> Result<bool, StoreError> {
        let kept = self.storage.keep_snapshot(stream, schema, version, payload);
        kept.await
    }

    async fn forget_snapshots(&self, aggregate_type: &str) -> Result<u64, StoreError> {
        self.storage.forget_snapshots(aggregate_type).await
    }
}
