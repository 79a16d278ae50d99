//! The partitions that one consumer has, from the moment they are given to it until they are taken.
//!
//! It promises that a partition that comes back is a new one: what a former holder of the same place
//! finishes late is written into a book that nobody reads any more.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::offsets::Place;
use super::partition::Partition;

/// How long a look at what is under way is put off at most.
const LOOK: Duration = Duration::from_millis(20);

/// How long handlers may take to reach an await at which they are dropped, before nobody waits.
const DROPPED_WITHIN: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Assignment {
    partitions: Mutex<BTreeMap<Place, Arc<Partition>>>,
    /// Its consumer was given up: what the client library still tells of it is of the past.
    retired: AtomicBool,
}

impl Assignment {
    fn partitions(&self) -> MutexGuard<'_, BTreeMap<Place, Arc<Partition>>> {
        self.partitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, places: &[Place]) {
        let mut partitions = self.partitions();
        for place in places {
            let fresh = Arc::new(Partition::new(place.clone()));
            if let Some(former) = partitions.insert(place.clone(), fresh) {
                former.give_up();
                former.drop_all();
            }
        }
    }

    pub(super) fn get(&self, place: &Place) -> Option<Arc<Partition>> {
        self.partitions().get(place).cloned()
    }

    pub(super) fn all(&self) -> Vec<Arc<Partition>> {
        self.partitions().values().cloned().collect()
    }

    pub(super) fn take(&self, places: &[Place]) -> Vec<Arc<Partition>> {
        let mut partitions = self.partitions();
        let taken = places.iter().filter_map(|place| partitions.remove(place));
        taken.collect()
    }

    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::Release);
    }

    pub(super) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
    }

    pub(super) fn unfinished(&self) -> usize {
        self.partitions()
            .values()
            .map(|partition| partition.unfinished())
            .sum()
    }
}

/// Lets what is under way in these partitions end, for `grace` at most or until `lost` says that it
/// is of no use any more, and drops the rest. Blocks; only the reader's thread calls this.
pub(super) fn let_end(partitions: &[Arc<Partition>], grace: Duration, lost: impl Fn() -> bool) {
    for partition in partitions {
        partition.give_up();
    }
    wait_while(grace, || {
        !lost() && partitions.iter().any(|partition| partition.is_busy())
    });
    for partition in partitions {
        partition.drop_all();
    }
    // So that the next owner does not begin beside what is being dropped.
    wait_while(DROPPED_WITHIN, || {
        partitions.iter().any(|partition| partition.is_running())
    });
}

fn wait_while(at_most: Duration, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + at_most;
    while condition() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        thread::park_timeout(left.min(LOOK));
    }
}

/// What these partitions have finished since it was last asked.
pub(super) fn finished(partitions: &[Arc<Partition>]) -> Vec<(Place, i64)> {
    let moved = |partition: &Arc<Partition>| {
        let last = partition.advance()?;
        Some((partition.place.clone(), last))
    };
    partitions.iter().filter_map(moved).collect()
}
