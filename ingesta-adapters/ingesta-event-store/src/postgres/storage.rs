//! The ports, each handed to the file that does it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use super::Database;
use super::appender::Appender;
use super::bell::Bell;
use super::command::{find_command, place};
use super::lineage::Lineage;
use super::loader::Loader;
use crate::subscription::{Commit, Lease, ParkedStream, SubscriptionStatus};
use crate::{Append, AppendError, CommandOutcome, CommandStamp, EventStorage, Lag, Page, Position};
use crate::{FromSnapshot, Horizon, SchemaHash, SnapshotStorage, done};
use crate::{RecordedEvent, StoreError, StreamId, SubscriptionStorage, TypeFilter};

/// A store on Postgres. Cheap to clone; clones wake each other's followers.
#[derive(Clone)]
pub struct PostgresStorage {
    pub(super) database: Database,
    pub(super) bell: Arc<Bell>,
    appender: Appender,
    loader: Loader,
    pub(super) lineage: Arc<Lineage>,
}

impl PostgresStorage {
    /// Over this database, which must have been migrated (see [`Database::migrate`]).
    #[must_use]
    pub fn new(database: Database) -> Self {
        let bell = Arc::new(Bell::new());
        let appender = Appender::new(database.clone(), Arc::clone(&bell));
        let loader = Loader::new(database.clone());
        Self {
            database,
            bell,
            appender,
            loader,
            lineage: Arc::new(Lineage::new()),
        }
    }

    /// The database it works on.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Tells followers that there is something to read.
    pub(super) fn announce(&self) {
        self.bell.ring();
    }
}

#[async_trait]
impl EventStorage for PostgresStorage {
    async fn append(&self, append: Append) -> Result<CommandOutcome, AppendError> {
        let found = done::found(&append);
        let outcome = self.appender.append(append).await?;
        let Some(streams) = found else {
            return Ok(outcome);
        };
        // It is stored; where what it found is, a repeat will be told.
        let position = place(&self.database, &streams).await;
        let position = position.map_err(AppendError::Unknown)?;
        Ok(CommandOutcome { position, streams })
    }

    async fn load(&self, stream: &StreamId, after: u64) -> Result<Vec<RecordedEvent>, StoreError> {
        self.loader.load(stream, after).await
    }

    async fn read_after(
        &self,
        after: Position,
        types: &TypeFilter,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.read_page(after, types, limit).await
    }

    async fn command(
        &self,
        id: &str,
    ) -> Result<Option<(CommandStamp, CommandOutcome)>, StoreError> {
        find_command(&self.database, id).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.last_position().await
    }

    async fn lag(&self, after: Position) -> Result<Lag, StoreError> {
        self.measure_lag(after).await
    }

    async fn horizon(&self) -> Result<Horizon, StoreError> {
        self.read_horizon().await
    }

    async fn identity(&self) -> Result<String, StoreError> {
        self.read_identity().await
    }

    fn appended(&self) -> watch::Receiver<u64> {
        self.bell.heard()
    }
}

#[async_trait]
impl SubscriptionStorage for PostgresStorage {
    async fn acquire(
        &self,
        name: &str,
        owner: &str,
        lease: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        self.acquire_lease(name, owner, lease).await
    }

    async fn commit(&self, lease: &Lease, commit: Commit) -> Result<(), StoreError> {
        self.commit_step(lease, commit).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.release_lease(lease).await
    }

    async fn parked(&self, name: &str) -> Result<Vec<ParkedStream>, StoreError> {
        self.parked_streams(name).await
    }

    async fn subscriptions(&self) -> Result<Vec<SubscriptionStatus>, StoreError> {
        self.list_subscriptions().await
    }

    async fn checkpoint(&self, name: &str) -> Result<Option<Position>, StoreError> {
        self.stored_checkpoint(name).await
    }

    async fn resume(&self, name: &str, stream: &StreamId) -> Result<(), StoreError> {
        self.resume_stream(name, stream).await
    }

    async fn skip(&self, name: &str, stream: &StreamId, sequence: u64) -> Result<(), StoreError> {
        self.skip_event(name, stream, sequence).await
    }
}

#[async_trait]
impl SnapshotStorage for PostgresStorage {
    async fn load_from_snapshot(
        &self,
        stream: &StreamId,
        schema: &SchemaHash,
    ) -> Result<FromSnapshot, StoreError> {
        self.stream_from_snapshot(stream, schema).await
    }

    async fn keep_snapshot(
        &self,
        stream: &StreamId,
        schema: &SchemaHash,
        version: u64,
        payload: String,
    ) -> Result<bool, StoreError> {
        self.write_snapshot(stream, schema, version, payload).await
    }

    async fn forget_snapshots(&self, aggregate_type: &str) -> Result<u64, StoreError> {
        self.delete_snapshots(aggregate_type).await
    }
}
