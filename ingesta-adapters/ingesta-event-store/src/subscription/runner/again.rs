//! After a lost lease: soon again, a few times, and then as a reserve does.
//!
//! Whoever takes a lease by force often gives it back within milliseconds, as a rebuild does that
//! swaps a view; to stand by for a third of a lease would cost the view far more than that pause.
//! It only counts, and it is bounded: a lease that is lost again and again without work between
//! gets these few asks once for each lease's duration.

use std::time::Duration;

use tokio::time::Instant;

/// In milliseconds.
const SOON: [u64; 5] = [20, 50, 100, 200, 400];

pub(super) struct Again {
    lease: Duration,
    begun: Option<Instant>,
    next: usize,
}

impl Again {
    /// Nothing was lost yet.
    pub(super) fn new(lease: Duration) -> Self {
        Self {
            lease,
            begun: None,
            next: SOON.len(),
        }
    }

    /// The lease was lost, after work was stored under it or before.
    pub(super) fn lost(&mut self, worked: bool) {
        if worked || self.begun.is_none_or(|begun| begun.elapsed() >= self.lease) {
            self.begun = Some(Instant::now());
            self.next = 0;
        }
    }

    /// The pause before the next ask; `standby` is that of a reserve.
    pub(super) fn pause(&mut self, standby: Duration) -> Duration {
        let soon = SOON.get(self.next).copied().map(Duration::from_millis);
        self.next = self.next.saturating_add(1);
        soon.map_or(standby, |soon| soon.min(standby))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn pauses(again: &mut Again, count: usize) -> Vec<u64> {
        let pauses = (0..count).map(|_| again.pause(HOUR).as_millis());
        pauses.map(|ms| u64::try_from(ms).unwrap()).collect()
    }

    #[test]
    fn it_asks_soon_a_few_times_and_then_as_a_reserve() {
        let mut again = Again::new(HOUR);
        assert_eq!(again.pause(HOUR), HOUR, "nothing was lost");
        again.lost(false);
        assert_eq!(
            pauses(&mut again, 7),
            [20, 50, 100, 200, 400, 3_600_000, 3_600_000]
        );
        again.lost(false);
        assert_eq!(again.pause(HOUR), HOUR, "it was lost a moment ago");
        again.lost(true);
        assert_eq!(pauses(&mut again, 2), [20, 50], "there was work between");
        again.lost(false);
        assert_eq!(pauses(&mut again, 1), [100], "it goes on where it was");
    }

    #[test]
    fn a_lease_later_it_begins_anew_and_is_never_slower_than_a_reserve() {
        let mut again = Again::new(Duration::ZERO);
        again.lost(false);
        assert_eq!(pauses(&mut again, 1), [20]);
        again.lost(false);
        assert_eq!(pauses(&mut again, 1), [20]);
        let least = Duration::from_millis(10);
        assert_eq!(again.pause(least), least);
    }
}
