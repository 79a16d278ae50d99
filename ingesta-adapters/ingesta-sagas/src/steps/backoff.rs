//! How long to wait before the next try, and when to stop trying.

use std::time::Duration;

/// Pauses that double up to a limit, for a bounded number of tries.
///
/// ```
/// use std::time::Duration;
/// use ingesta_sagas::Backoff;
///
/// let patience = Backoff::new(Duration::from_secs(10), Duration::from_secs(60), 4);
/// let pauses: Vec<_> = (1..=4).map(|try_| patience.after(try_).map(|p| p.as_secs())).collect();
/// assert_eq!(pauses, [Some(10), Some(20), Some(40), None], "the fourth try was the last");
/// assert_eq!(patience.pause(9), Duration::from_secs(60), "where nobody gives up");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    max: Duration,
    tries: u32,
}

impl Backoff {
    /// Waits `first` after the first try, then twice as long each time, at most `max`; `tries` tries
    /// in all, at least one.
    #[must_use]
    pub const fn new(first: Duration, max: Duration, tries: u32) -> Self {
        Self { first, max, tries }
    }

    /// The pause after the `tried`-th try, from 1; `None`: it was the last one.
    #[must_use]
    pub fn after(&self, tried: u32) -> Option<Duration> {
        (tried < self.tries).then(|| self.pause(tried))
    }

    /// The pause after the `tried`-th try, from 1, for what is never given up.
    #[must_use]
    pub fn pause(&self, tried: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(tried.saturating_sub(1));
        self.first.saturating_mul(doubled).min(self.max)
    }

    /// True if as many tries were made as there are: for what goes on trying, the time to show it.
    #[must_use]
    pub fn is_used_up(&self, tried: u32) -> bool {
        tried >= self.tries
    }
}
