//! Snapshots in memory: at most one for each stream.

use std::collections::HashMap;

use async_trait::async_trait;

use super::MemoryStorage;
use super::log::Log;
use crate::{FromSnapshot, SchemaHash, Snapshot, SnapshotStorage, StoreError, StreamId};

pub(super) type Kept = HashMap<StreamId, (SchemaHash, Snapshot)>;

/// Whether the event is there that a snapshot goes up to.
fn counts(log: &Log, stream: &StreamId, snapshot: &Snapshot) -> bool {
    log.place(stream, snapshot.version) == Some(snapshot.position)
}

#[async_trait]
impl SnapshotStorage for MemoryStorage {
    async fn load_from_snapshot(
        &self,
        stream: &StreamId,
        schema: &SchemaHash,
    ) -> Result<FromSnapshot, StoreError> {
        self.inner.faults.next_read()?;
        let state = self.state();
        let kept = state.snapshots.get(stream);
        let snapshot = kept
            .filter(|(of, snapshot)| of == schema && counts(&state.log, stream, snapshot))
            .map(|(_, snapshot)| snapshot.clone());
        let after = snapshot.as_ref().map_or(0, |snapshot| snapshot.version);
        let events = state.log.load(stream, after);
        Ok(FromSnapshot { snapshot, events })
    }

    async fn keep_snapshot(
        &self,
        stream: &StreamId,
        schema: &SchemaHash,
        version: u64,
        payload: String,
    ) -> Result<bool, StoreError> {
        self.inner.faults.next_keep()?;
        let mut state = self.state();
        let Some(position) = state.log.place(stream, version) else {
            return Ok(false);
        };
        let stays = state.snapshots.get(stream).is_some_and(|(of, old)| {
            of == schema && old.version >= version && counts(&state.log, stream, old)
        });
        if stays {
            return Ok(false);
        }
        let snapshot = Snapshot {
            version,
            position,
            payload,
        };
        state.snapshots.insert(stream.clone(), (*schema, snapshot));
        Ok(true)
    }

    async fn forget_snapshots(&self, aggregate_type: &str) -> Result<u64, StoreError> {
        let kept = &mut self.state().snapshots;
        let before = kept.len();
        kept.retain(|stream, _| stream.aggregate_type != aggregate_type);
        Ok((before - kept.len()) as u64)
    }
}
