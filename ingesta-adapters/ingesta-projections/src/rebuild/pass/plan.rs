//! What the workers of one job share: which keys and events it is about, and its bound.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ingesta_event_store::{RecordedEvent, StreamId};

use super::Job;
use super::bound::Bound;
use super::hash::Seed;
use super::suspects::{Suspects, Suspicion};

pub(super) struct Plan {
    pub(super) keyed_by_aggregate: bool,
    pub(super) bound: Bound,
    pub(super) seed: Seed,
    /// Rows that could not be written in an earlier attempt: they are tried after every event.
    pub(super) doubted: HashSet<String>,
    workers: usize,
    from: Option<String>,
    cut: HashMap<StreamId, u64>,
    skip: HashMap<StreamId, HashSet<u64>>,
    suspects: Suspects,
}

impl Plan {
    pub(super) fn new(
        job: &Job,
        doubted: HashSet<String>,
        workers: usize,
        seed: Seed,
    ) -> Arc<Self> {
        let mut skip: HashMap<StreamId, HashSet<u64>> = HashMap::new();
        for (stream, sequence) in &*job.skip {
            skip.entry(stream.clone()).or_default().insert(*sequence);
        }
        Arc::new(Self {
            keyed_by_aggregate: job.projection.keyed_by_aggregate(),
            bound: Bound::default(),
            seed,
            doubted,
            workers,
            from: job.from.clone(),
            cut: job.cut.clone(),
            skip,
            suspects: job.suspects.clone(),
        })
    }

    /// True if the job wants the row, apart from the bound.
    pub(super) fn wanted(&self, key: &str) -> bool {
        self.from.as_deref().is_none_or(|from| from <= key)
    }

    /// True if the event is not to be folded at all.
    pub(super) fn put_aside(&self, event: &RecordedEvent) -> bool {
        let cut = !self.cut.is_empty()
            && (self.cut.get(&event.stream)).is_some_and(|cut| event.sequence >= *cut);
        cut || (!self.skip.is_empty()
            && (self.skip.get(&event.stream)).is_some_and(|skip| skip.contains(&event.sequence)))
    }

    /// Where the event stands to those that are suspected.
    pub(super) fn suspicion(&self, event: &RecordedEvent) -> Suspicion {
        self.suspects.of(event)
    }

    /// True if rows are as they are only if every suspect fails.
    pub(super) fn supposes(&self) -> bool {
        !self.suspects.is_empty()
    }

    /// True if an event failed on the row in an earlier pass.
    pub(super) fn is_fragile(&self, key: &str) -> bool {
        self.suspects.is_fragile(key)
    }

    /// Which worker keeps the row.
    pub(super) fn owner(&self, key: &str) -> usize {
        owner(self.seed.of(key.as_bytes()), self.workers)
    }
}

/// Which worker something with this hash falls to. Not by the bits that place it in a map.
pub(super) fn owner(hash: u64, workers: usize) -> usize {
    let spread = (hash >> 32) % (workers as u64);
    usize::try_from(spread).expect("less than the number of workers")
}
