//! The clock of the in-memory store: the real time, and whatever a test adds to it.
//!
//! It never goes back, also when the machine's clock does, because leases depend on it.
//! It does not make anybody wait less: only what is compared with this clock moves.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use tokio::time::Instant;

/// Time for leases, retries and `recorded_at`.
#[derive(Debug)]
pub struct MemoryClock {
    started: Instant,
    started_at: DateTime<Utc>,
    added: Mutex<Duration>,
}

impl Default for MemoryClock {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            started_at: SystemTime::now().into(),
            added: Mutex::default(),
        }
    }
}

impl MemoryClock {
    /// The time now.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let added = *self.added.lock().unwrap_or_else(PoisonError::into_inner);
        self.started_at + self.started.elapsed() + added
    }

    /// Pushes the clock on: leases run out and parked streams become due that much earlier.
    pub fn advance(&self, by: Duration) {
        *self.added.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}
