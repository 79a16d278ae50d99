//! How many requests each of many may make a second: one bucket for each, whoever they are.
//!
//! Promises: whoever is above the rate is told when to come back, and costs nothing else; buckets
//! that have filled up again are forgotten, so memory follows those who ask now.
//! Does not: know who they are. The bucket is `governor`'s.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::{Problem, RetryAfter};

/// Checks between two cleanings.
const CLEAN_EVERY: u32 = 4_096;

/// A rate for each key. Cheap to clone.
///
/// ```
/// use std::num::NonZeroU32;
/// use ingesta_http::Rates;
///
/// let rates = Rates::new(NonZeroU32::new(2).unwrap());
/// // Twice the rate at once, when nothing was asked before.
/// for _ in 0..4 {
///     assert!(rates.check("ana").is_ok());
/// }
/// assert_eq!(rates.check("ana").unwrap_err().code(), "demasiadas_peticiones");
/// assert!(rates.check("luis").is_ok());
/// ```
#[derive(Clone)]
pub struct Rates<K: Hash + Eq + Clone> {
    shared: Arc<Shared<K>>,
}

struct Shared<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, HashMapStateStore<K>, DefaultClock>,
    clock: DefaultClock,
    checks: AtomicU32,
}

impl<K: Hash + Eq + Clone> Rates<K> {
    /// So many a second for each, and twice as many at once after a pause.
    #[must_use]
    pub fn new(per_second: NonZeroU32) -> Self {
        let burst = per_second.saturating_add(per_second.get());
        let quota = Quota::per_second(per_second).allow_burst(burst);
        Self {
            shared: Arc::new(Shared {
                limiter: RateLimiter::hashmap(quota),
                clock: DefaultClock::default(),
                checks: AtomicU32::new(0),
            }),
        }
    }

    /// One request of this one.
    ///
    /// # Errors
    /// 429 `demasiadas_peticiones`, with when to come back.
    pub fn check(&self, key: K) -> Result<(), Problem> {
        let shared = &*self.shared;
        let checks = shared.checks.fetch_add(1, Ordering::Relaxed);
        if checks % CLEAN_EVERY == CLEAN_EVERY - 1 {
            shared.limiter.retain_recent();
        }
        shared.limiter.check_key(&key).map_err(|until| {
            let wait = until.wait_time_from(shared.clock.now());
            let detail = "más peticiones por segundo de las admitidas: espere y repita";
            Problem::too_many_requests("demasiadas_peticiones", detail, RetryAfter::from(wait))
        })
    }

    /// How many are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.shared.limiter.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_ask_no_more_are_forgotten() {
        // So fast that a bucket is full again at once.
        let rates = Rates::new(NonZeroU32::new(1_000_000_000).expect("not zero"));
        for key in 0..3 * CLEAN_EVERY {
            rates.check(key).expect("far below the rate");
        }
        assert!(rates.remembered() <= 2 * CLEAN_EVERY as usize);
    }
}
