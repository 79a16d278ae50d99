//! Pauses that grow, and a little chance so that many members do not wake together.
//!
//! It only counts: who waits, and whether a wait can be cut short, is the caller's business.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// A pause that doubles from a least to a most.
pub(super) struct Backoff {
    most: Duration,
    pause: Duration,
}

impl Backoff {
    pub(super) fn new(least: Duration, most: Duration) -> Self {
        let least = least.max(Duration::from_millis(1));
        Self {
            most: most.max(least),
            pause: least,
        }
    }

    /// The next pause: between four and five fifths of the full one, by chance.
    pub(super) fn next(&mut self) -> Duration {
        let full = self.pause;
        self.pause = full.saturating_mul(2).min(self.most);
        // The seed of the standard library's hash maps is chance enough for spreading.
        let chance = RandomState::new().hash_one(0) % 1024;
        let chance = f64::from(u32::try_from(chance).unwrap_or(0)) / 1024.0;
        full.mul_f64(0.8 + 0.2 * chance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_to_its_limit() {
        let second = Duration::from_secs(1);
        let mut backoff = Backoff::new(second, second * 4);
        for full in [1, 2, 4, 4] {
            let pause = backoff.next();
            let bounds = second * full * 4 / 5..=second * full;
            assert!(bounds.contains(&pause), "{pause:?} {full}");
        }
    }
}
