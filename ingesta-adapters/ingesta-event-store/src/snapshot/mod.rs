//! States of long streams, kept so that a command need not fold them from their beginning.
//!
//! A snapshot is a cache and never the truth: one that is missing, cannot be read, was folded by
//! other code or names an event that is not there is passed over, and the stream is folded instead.
//! It is taken from acknowledged state only, off the caller's path; when it cannot be taken, the
//! next one will be.

mod policy;
mod schema;

use async_trait::async_trait;

pub use policy::Snapshots;
pub(crate) use policy::Taker;
pub use schema::SchemaHash;

use crate::{Position, RecordedEvent, StoreError, StreamId};

/// A state as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The sequence of the last event in it.
    pub version: u64,
    /// Where in the log that event is.
    pub position: Position,
    /// The state, in JSON.
    pub payload: String,
}

/// A stream from its snapshot on.
#[derive(Clone, Debug, Default)]
pub struct FromSnapshot {
    /// The snapshot; `None`: the events are the whole stream.
    pub snapshot: Option<Snapshot>,
    /// The events after it, in order.
    pub events: Vec<RecordedEvent>,
}

/// Keeping snapshots, at most one for each stream.
#[async_trait]
pub trait SnapshotStorage: Send + Sync + 'static {
    /// A stream from its snapshot on, in one round trip.
    ///
    /// A snapshot of another schema is as good as none, and so is one whose event is not where the
    /// snapshot says: then the answer is the whole stream.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn load_from_snapshot(
        &self,
        stream: &StreamId,
        schema: &SchemaHash,
    ) -> Result<FromSnapshot, StoreError>;

    /// Keeps the state of a stream at a version that is stored, in the place of the one before.
    ///
    /// False: it was not kept, because there is no such event, or a later state of the same schema
    /// is here already.
    ///
    /// # Errors
    /// When the store does not answer, or refuses the payload.
    async fn keep_snapshot(
        &self,
        stream: &StreamId,
        schema: &SchemaHash,
        version: u64,
        payload: String,
    ) -> Result<bool, StoreError>;

    /// Deletes every snapshot of an aggregate type, of whatever schema; says how many there were.
    ///
    /// # Errors
    /// When the store does not answer; some may be deleted then.
    async fn forget_snapshots(&self, aggregate_type: &str) -> Result<u64, StoreError>;
}
