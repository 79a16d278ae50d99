//! Pauses that grow, and a little chance so that many processes do not wake together.
//!
//! It only counts: who waits, and whether a wait can be cut short, is the caller's business.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// A pause that doubles from a least to a most.
///
/// ```
/// use std::time::Duration;
///
/// use ingesta_event_store::Backoff;
///
/// let second = Duration::from_secs(1);
/// let mut backoff = Backoff::new(second, second * 4);
/// assert!(backoff.next_pause() <= second);
/// assert!(backoff.next_pause() > second);
/// // After a success it begins again.
/// backoff.reset();
/// assert!(backoff.next_pause() <= second);
/// // A most below the least counts for nothing: the pause stays the least.
/// let mut backoff = Backoff::new(second, Duration::ZERO);
/// assert!(backoff.next_pause() >= second * 4 / 5);
/// ```
#[derive(Clone, Debug)]
pub struct Backoff {
    least: Duration,
    most: Duration,
    pause: Duration,
}

impl Backoff {
    /// Begins at `least`, which is a millisecond at least, and ends at `most`, or at `least` where
    /// that is longer.
    #[must_use]
    pub fn new(least: Duration, most: Duration) -> Self {
        let least = least.max(Duration::from_millis(1));
        Self {
            least,
            most: most.max(least),
            pause: least,
        }
    }

    /// The next pause: between four and five fifths of the full one, by chance.
    pub fn next_pause(&mut self) -> Duration {
        let pause = self.pause;
        self.pause = pause.saturating_mul(2).min(self.most);
        jittered(pause)
    }

    /// Begins at the least again.
    pub fn reset(&mut self) {
        self.pause = self.least;
    }
}

/// Between four and five fifths of `full`, by chance.
///
/// The chance is the seed of the standard library's hash maps: good enough for spreading, and one
/// dependency less.
pub(crate) fn jittered(full: Duration) -> Duration {
    let chance = RandomState::new().hash_one(0) % 1024;
    let spread = full / 5;
    full.saturating_sub(spread)
        + spread.mul_f64(f64::from(u32::try_from(chance).unwrap_or(0)) / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_to_its_limit_and_starts_again() {
        let second = Duration::from_secs(1);
        let mut backoff = Backoff::new(second, second * 4);
        let pauses: Vec<_> = (0..5).map(|_| backoff.next_pause()).collect();
        for (pause, full) in pauses.into_iter().zip([1, 2, 4, 4, 4]) {
            assert!(
                pause <= second * full && pause >= second * full * 4 / 5,
                "{pause:?} {full}"
            );
        }
        backoff.reset();
        assert!(backoff.next_pause() <= second);
    }
}
