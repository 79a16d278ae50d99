//! The promise of the log that a fold rests on, checked while it is read: each stream's sequence
//! grows by one.
//!
//! Events adopted from a table without times may have holes between them, as everywhere else. The
//! memory is bounded: where there are more streams than fit, a random part of them is checked.
//! Streams are told apart by a hash of 64 bits under a key of this pass; among ten million
//! streams two fall together, and stop the pass without a cause, once in 300,000 passes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::hash::Seed;

/// Bytes that a stream takes here while the map grows.
const STREAM_BYTES: u64 = 64;

pub(super) struct Order {
    last: HashMap<u64, u64, Seed>,
    /// Streams with greater hashes are not checked.
    ceiling: u64,
    most: usize,
}

impl Order {
    pub(super) fn new(bytes: u64, seed: Seed) -> Self {
        let most = usize::try_from(bytes / STREAM_BYTES).unwrap_or(usize::MAX);
        Self {
            last: HashMap::with_hasher(seed),
            ceiling: u64::MAX,
            most: most.max(1_024),
        }
    }

    /// Takes in the next event of the stream with this hash; false if its predecessor is missing.
    pub(super) fn take(&mut self, stream: u64, sequence: u64, adopted: bool) -> bool {
        if stream > self.ceiling {
            return true;
        }
        match self.last.entry(stream) {
            Entry::Occupied(mut last) => {
                let before = last.insert(sequence);
                sequence == before + 1 || (adopted && sequence > before)
            }
            Entry::Vacant(first) => {
                first.insert(sequence);
                if self.last.len() > self.most {
                    self.forget();
                }
                sequence <= 1 || adopted
            }
        }
    }

    fn forget(&mut self) {
        self.ceiling /= 2;
        let ceiling = self.ceiling;
        self.last.retain(|stream, _| *stream <= ceiling);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Order {
        Order::new(0, Seed::random())
    }

    #[test]
    fn a_stream_begins_at_its_beginning_and_grows_by_one() {
        let mut order = order();
        assert!(order.take(7, 1, false) && order.take(7, 2, false));
        assert!(order.take(8, 0, false) && order.take(8, 1, false));
        assert!(!order.take(7, 4, false), "3 is missing");
        assert!(!order.take(9, 2, false), "1 is missing");
        assert!(!order.take(8, 1, false), "twice");
    }

    #[test]
    fn adopted_events_may_have_holes_and_never_go_back() {
        let mut order = order();
        assert!(order.take(7, 3, true) && order.take(7, 9, true));
        assert!(order.take(7, 10, false) && !order.take(7, 5, true));
    }

    #[test]
    fn a_part_of_the_streams_is_checked_where_all_do_not_fit() {
        let (mut order, step) = (order(), u64::MAX / 10_000);
        for stream in 0..10_000 {
            assert!(order.take(stream * step, 1, false));
        }
        assert!(order.last.len() <= 1_024 && order.ceiling < u64::MAX);
        assert!(!order.take(0, 3, false), "checked still");
        assert!(order.take(9_999 * step, 3, false), "not checked any more");
    }
}
