//! Which events are known to stand behind their predecessors, so that the log need not be asked.
//!
//! To look each event's predecessor up costs the database several times what reading the event
//! costs. What a store has read itself it knows: of the streams that were read last, which stretch
//! came in order. Only an event that this does not tell of is looked up. It never says that an event
//! is out of order, and what it says of an event stays true, because the log is only added to.
//! Whoever doubts the log itself asks with a new store, which knows nothing.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hashlink::LruCache;

use crate::Position;

/// Streams that are remembered, at about 100 bytes each.
const STREAMS: usize = 65_536;

/// Names are kept as two hashes with chance in them: nobody can make two streams look like one.
type Key = (u64, u64);

/// What is asked of an entry of the log.
#[derive(Clone, Copy)]
pub(super) struct Entry<'r> {
    pub(super) aggregate_type: &'r str,
    pub(super) aggregate_id: &'r str,
    pub(super) sequence: u64,
    pub(super) position: Position,
    /// It needs no predecessor.
    pub(super) adopted: bool,
}

/// A stretch of a stream, of which each event but the first stands behind the one before it.
struct Stretch {
    from: u64,
    to: u64,
    /// Where the last one stands.
    at: Position,
}

pub(super) struct Lineage {
    hashers: [RandomState; 2],
    known: Mutex<LruCache<Key, Stretch>>,
}

impl Stretch {
    /// True if the event is known to stand behind its predecessor; it may be the next one.
    fn tells_of(&mut self, sequence: u64, position: Position) -> bool {
        if sequence == self.to + 1 && position > self.at {
            (self.to, self.at) = (sequence, position);
            return true;
        }
        let inside = self.from < sequence && sequence <= self.to;
        inside && (sequence < self.to || position == self.at)
    }
}

impl Lineage {
    pub(super) fn new() -> Self {
        Self {
            hashers: [RandomState::new(), RandomState::new()],
            known: Mutex::new(LruCache::new(STREAMS)),
        }
    }

    fn known(&self) -> MutexGuard<'_, LruCache<Key, Stretch>> {
        // Every change of it is one call.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn key(&self, entry: Entry<'_>) -> Key {
        let name = (entry.aggregate_type, entry.aggregate_id);
        let [one, other] = &self.hashers;
        (one.hash_one(name), other.hash_one(name))
    }

    /// The entries, in log order, whose predecessors must be looked up.
    pub(super) fn doubtful<'r>(&self, entries: impl Iterator<Item = Entry<'r>>) -> Vec<Entry<'r>> {
        let mut known = self.known();
        let mut doubtful = Vec::new();
        for entry in entries {
            let key = self.key(entry);
            let stretch = known.get_mut(&key);
            if stretch.is_some_and(|stretch| stretch.tells_of(entry.sequence, entry.position)) {
                continue;
            }
            if entry.sequence <= 1 || entry.adopted {
                note(&mut known, key, entry, entry.sequence);
            } else {
                doubtful.push(entry);
            }
        }
        doubtful
    }

    /// These were looked up, and stand behind their predecessors.
    pub(super) fn confirm(&self, entries: &[Entry<'_>]) {
        let mut known = self.known();
        for entry in entries {
            let key = self.key(*entry);
            let stretch = known.get_mut(&key);
            if stretch.is_none_or(|stretch| !stretch.tells_of(entry.sequence, entry.position)) {
                note(&mut known, key, *entry, entry.sequence - 1);
            }
        }
    }
}

/// A stretch from `from` to the entry, unless more is known.
fn note(known: &mut LruCache<Key, Stretch>, key: Key, entry: Entry<'_>, from: u64) {
    if known
        .peek(&key)
        .is_none_or(|known| known.to < entry.sequence)
    {
        let (to, at) = (entry.sequence, entry.position);
        known.insert(key, Stretch { from, to, at });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: [u64; 0] = [];

    fn entry(id: &str, sequence: u64, identity: i64) -> Entry<'_> {
        Entry {
            aggregate_type: "t",
            aggregate_id: id,
            sequence,
            position: Position::new(1, identity),
            adopted: false,
        }
    }

    fn asked(lineage: &Lineage, entries: &[Entry<'_>]) -> Vec<u64> {
        let doubtful = lineage.doubtful(entries.iter().copied());
        doubtful.iter().map(|entry| entry.sequence).collect()
    }

    #[test]
    fn a_stream_that_is_read_from_its_beginning_is_never_looked_up() {
        let lineage = Lineage::new();
        let all: Vec<_> = (1..=5)
            .map(|n| entry("a", n, n.cast_signed() * 10))
            .collect();
        assert_eq!(asked(&lineage, &all[..2]), NOTHING);
        assert_eq!(asked(&lineage, &all[2..]), NOTHING);
        // Another reader, behind the first.
        assert_eq!(asked(&lineage, &all), NOTHING);
    }

    #[test]
    fn what_was_not_read_is_looked_up_once() {
        let lineage = Lineage::new();
        let later = [entry("a", 7, 70), entry("a", 8, 80)];
        assert_eq!(asked(&lineage, &later), [7, 8]);
        assert_eq!(asked(&lineage, &later), [7, 8], "it was not confirmed");
        lineage.confirm(&later);
        assert_eq!(asked(&lineage, &later), NOTHING);
        assert_eq!(asked(&lineage, &[entry("a", 9, 90)]), NOTHING);
        assert_eq!(asked(&lineage, &[entry("a", 6, 60)]), [6], "before them");
        assert_eq!(asked(&lineage, &[entry("b", 9, 95)]), [9], "another stream");
    }

    #[test]
    fn a_gap_an_inversion_and_another_place_are_looked_up() {
        let lineage = Lineage::new();
        assert_eq!(
            asked(&lineage, &[entry("a", 1, 10), entry("a", 2, 20)]),
            NOTHING
        );
        assert_eq!(asked(&lineage, &[entry("a", 4, 40)]), [4], "3 is missing");
        assert_eq!(asked(&lineage, &[entry("a", 3, 15)]), [3], "before 2");
        assert_eq!(asked(&lineage, &[entry("a", 2, 21)]), [2], "it moved");
    }

    #[test]
    fn an_adopted_event_needs_no_predecessor_and_is_one() {
        let lineage = Lineage::new();
        let adopted = Entry {
            adopted: true,
            ..entry("a", 4, 40)
        };
        assert_eq!(asked(&lineage, &[adopted, entry("a", 5, 50)]), NOTHING);
        assert_eq!(
            asked(&lineage, &[entry("a", 4, 40)]),
            [4],
            "nothing is known of the one before it"
        );
    }

    #[test]
    fn only_so_many_streams_are_remembered() {
        let lineage = Lineage::new();
        let ids: Vec<_> = (0..=STREAMS).map(|n| n.to_string()).collect();
        for id in &ids {
            assert_eq!(asked(&lineage, &[entry(id, 1, 10)]), NOTHING);
        }
        assert_eq!(asked(&lineage, &[entry(&ids[1], 2, 20)]), NOTHING);
        assert_eq!(asked(&lineage, &[entry(&ids[0], 2, 20)]), [2], "forgotten");
    }
}
