//! Notices that readers are held back for long, and says it often enough but not all the time.
//!
//! It is told what the lag is and keeps the time; it neither asks the store nor logs.

use std::time::Duration;

use tokio::time::Instant;

use crate::Lag;

pub(super) struct Stall {
    warn_after: Duration,
    warn_every: Duration,
    looked: Instant,
    since: Option<Instant>,
    warned: Option<Instant>,
}

impl Stall {
    pub(super) fn new(warn_after: Duration, warn_every: Duration) -> Self {
        Self {
            warn_after,
            warn_every,
            looked: Instant::now(),
            since: None,
            warned: None,
        }
    }

    /// The subscription moved: nothing is held back for good.
    pub(super) fn moved(&mut self) {
        self.since = None;
        self.warned = None;
        self.looked = Instant::now();
    }

    /// True if it is time to ask for the lag; twice in the time that a warning takes.
    pub(super) fn due(&mut self) -> bool {
        let due = self.looked.elapsed() >= self.warn_after / 2;
        if due {
            self.looked = Instant::now();
        }
        due
    }

    /// How long events have been held back, if it is time to say so.
    pub(super) fn observe(&mut self, lag: &Lag) -> Option<Duration> {
        if lag.held_back == 0 {
            self.moved();
            return None;
        }
        let stalled = self.since.get_or_insert_with(Instant::now).elapsed();
        let said = self.warned.is_some_and(|at| at.elapsed() < self.warn_every);
        if stalled < self.warn_after || said {
            return None;
        }
        self.warned = Some(Instant::now());
        Some(stalled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held_back(events: u64) -> Lag {
        Lag {
            events,
            held_back: events,
            ..Lag::default()
        }
    }

    #[test]
    fn a_stall_is_said_once_in_a_while_and_forgotten_when_it_is_over() {
        let (now, hour) = (Duration::ZERO, Duration::from_secs(3600));
        let mut stall = Stall::new(now, hour);
        assert!(
            stall.observe(&held_back(0)).is_none(),
            "nothing is held back"
        );
        assert!(
            stall.observe(&held_back(3)).is_some(),
            "held back for long enough"
        );
        assert!(
            stall.observe(&held_back(3)).is_none(),
            "that was said a moment ago"
        );
        assert!(stall.observe(&held_back(0)).is_none());
        assert!(
            stall.observe(&held_back(1)).is_some(),
            "a new stall is said anew"
        );
    }

    #[test]
    fn a_short_stall_is_not_said() {
        let hour = Duration::from_secs(3600);
        let mut stall = Stall::new(hour, hour);
        assert!(stall.observe(&held_back(3)).is_none());
        assert!(!stall.due(), "it was looked at a moment ago");
    }
}
