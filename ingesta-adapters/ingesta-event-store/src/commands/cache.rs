//! Folded aggregates that were used lately, so that a command need not load.
//!
//! It holds only what was acknowledged. Whoever takes an entry has it alone, and gives back the
//! next state or nothing; so a state that a failed command has touched is never seen again. An
//! entry may be out of date where other processes write: the append finds that out by its expected
//! version, and whatever a command does *without* an append is decided again on a fresh load.

use std::sync::{Mutex, MutexGuard, PoisonError};

use hashlink::LruCache;

use super::Loaded;

/// The most recently used aggregates of one type.
pub(super) struct Cache<A> {
    entries: Mutex<LruCache<String, Box<Loaded<A>>>>,
}

impl<A> Cache<A> {
    /// Keeps at most `capacity` aggregates.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            entries: Mutex::new(LruCache::new(capacity)),
        }
    }

    /// Takes an aggregate out.
    pub(super) fn take(&self, aggregate_id: &str) -> Option<Box<Loaded<A>>> {
        self.entries().remove(aggregate_id)
    }

    /// Keeps an aggregate as an acknowledged command has left it, unless a later state is here.
    pub(super) fn put(&self, aggregate_id: &str, loaded: Box<Loaded<A>>) {
        let mut entries = self.entries();
        if entries
            .peek(aggregate_id)
            .is_none_or(|known| known.version < loaded.version)
        {
            entries.insert(aggregate_id.to_owned(), loaded);
        }
    }

    fn entries(&self) -> MutexGuard<'_, LruCache<String, Box<Loaded<A>>>> {
        // A panic in between leaves a cache that is whole: every change of it is one call.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
