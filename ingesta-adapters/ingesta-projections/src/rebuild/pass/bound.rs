//! The first key that a pass leaves to the next one: shared by the workers of a job, and lowered
//! by whoever runs out of memory.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// An upper bound of keys, exclusive, that only ever gets lower.
#[derive(Default)]
pub(super) struct Bound {
    changes: AtomicU64,
    key: Mutex<Option<Arc<str>>>,
}

impl Bound {
    /// Lowers it to `key`, unless it is lower already.
    pub(super) fn lower(&self, key: &str) {
        let mut bound = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if bound.as_deref().is_none_or(|bound| key < bound) {
            *bound = Some(key.into());
            self.changes.fetch_add(1, Ordering::Release);
        }
    }

    pub(super) fn key(&self) -> Option<Arc<str>> {
        let bound = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        bound.clone()
    }

    /// The bound, if it was lowered since `seen`.
    pub(super) fn lowered(&self, seen: &mut u64) -> Option<Arc<str>> {
        let changes = self.changes.load(Ordering::Acquire);
        if changes == *seen {
            return None;
        }
        *seen = changes;
        self.key()
    }
}
