//! The log in memory: all events in one order, and where each stream's events are in it.
//!
//! Every append is one commit with the next number, so log order is append order and nothing is
//! ever held back from readers. It decides nothing: whether an append may happen is `append.rs`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::{
    CommandOutcome, CommandStamp, Lag, Page, Position, RecordedEvent, StreamId, TypeFilter,
};

#[derive(Debug, Default)]
pub(super) struct Log {
    /// In log order.
    pub(super) events: Vec<RecordedEvent>,
    /// Indices into `events`; sequence `n` of a stream is at `n - 1`.
    pub(super) streams: HashMap<StreamId, Vec<usize>>,
    pub(super) commands: HashMap<String, (CommandStamp, CommandOutcome)>,
    /// The number of the last commit, the `xact` of positions.
    pub(super) commits: u64,
}

impl Log {
    pub(super) fn version(&self, stream: &StreamId) -> u64 {
        self.streams
            .get(stream)
            .map_or(0, |events| events.len() as u64)
    }

    /// Where the event `sequence` of a stream is.
    pub(super) fn place(&self, stream: &StreamId, sequence: u64) -> Option<Position> {
        let indices = self.streams.get(stream)?;
        let nth = usize::try_from(sequence.checked_sub(1)?).ok()?;
        Some(self.events[*indices.get(nth)?].position)
    }

    pub(super) fn load(&self, stream: &StreamId, after: u64) -> Vec<RecordedEvent> {
        let indices = self
            .streams
            .get(stream)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let events = indices.iter().map(|index| &self.events[*index]);
        events
            .filter(|event| event.sequence > after)
            .cloned()
            .collect()
    }

    pub(super) fn read_after(&self, after: Position, types: &TypeFilter, limit: usize) -> Page {
        let rest = self.after(after);
        let looked_at = &rest[..limit.min(rest.len())];
        let wanted = looked_at
            .iter()
            .filter(|event| types.admits(&event.stream.aggregate_type));
        Page {
            events: wanted.cloned().collect(),
            reached: looked_at.last().map_or(after, |event| event.position),
            more: limit > 0 && looked_at.len() == limit,
        }
    }

    pub(super) fn head(&self) -> Position {
        self.events
            .last()
            .map_or(Position::START, |event| event.position)
    }

    pub(super) fn lag(&self, after: Position, now: DateTime<Utc>) -> Lag {
        let rest = self.after(after);
        let oldest = rest.first().and_then(|event| event.recorded_at);
        Lag {
            events: (rest.len() as u64).min(Lag::COUNTED_MAX),
            age: oldest.map(|at| (now - at).to_std().unwrap_or_default()),
            held_back: 0,
            blocker: None,
        }
    }

    fn after(&self, position: Position) -> &[RecordedEvent] {
        let first = self
            .events
            .partition_point(|event| event.position <= position);
        &self.events[first..]
    }
}
