//! The settings of a runner, each with its default and its unit.
//!
//! Any value works: what would make a runner spin or stand still is raised to the least that does
//! not. Nothing here is read from the environment.

use std::time::Duration;

use uuid::Uuid;

/// How a [`super::Runner`] behaves.
#[derive(Clone, Debug)]
pub struct RunnerOptions {
    /// Who this is, unique among all runners of all processes. Default: process id and a new uuid.
    pub owner: String,
    /// How long the lease lasts without renewal, and so how soon a dead runner is replaced.
    /// Default 5 s, at least 30 ms; it is renewed at a third of it.
    pub lease: Duration,
    /// Log entries in one step. Default 1,000, at least 1.
    pub batch_max: usize,
    /// A full page whose payloads have at most so many bytes is not processed before the next one
    /// is read, but while it is: two pages are in memory then, and the second may be larger. 0: a
    /// page at a time. Default 16 MiB.
    pub read_ahead_bytes: usize,
    /// How often an idle runner looks at the log without being told. Default 100 ms, at least 1 ms.
    pub poll: Duration,
    /// The longest pause between two looks at the log while events stream in: a look costs the
    /// database as much as several events, so it pays to let some gather. It grows with what the
    /// last look brought, so events that come one by one are not kept waiting. Default 5 ms.
    pub busy_pause: Duration,
    /// How often the parked streams are looked at, if there are any. Default 1 s.
    pub parked_poll: Duration,
    /// The pause before a parked stream is tried for the second time; it doubles. Default 1 s.
    pub retry_min: Duration,
    /// The longest pause between tries of a parked stream. Default 5 min.
    pub retry_max: Duration,
    /// After this many tries a parked stream waits for an operator. Default 10.
    pub attempts_max: u32,
    /// The first pause when something that everything needs is away; it doubles. Default 50 ms.
    pub pause_min: Duration,
    /// The longest such pause. Default 10 s.
    pub pause_max: Duration,
    /// How often a stopped subscription looks whether it may go on. Default 5 s.
    pub recheck: Duration,
    /// Events held back from all readers for longer than this are warned about. Default 2 s.
    pub stall_warn_after: Duration,
    /// How often a warning is repeated while its cause lasts. Default 30 s.
    pub warn_every: Duration,
    /// A store that has not answered for this long counts as away. Default 30 s.
    pub answer_within: Duration,
    /// How long a step may go on after shutdown was asked for. Default 10 s.
    pub shutdown_grace: Duration,
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self {
            owner: format!("{}-{}", std::process::id(), Uuid::now_v7()),
            lease: Duration::from_secs(5),
            batch_max: 1_000,
            read_ahead_bytes: 16 * 1024 * 1024,
            poll: Duration::from_millis(100),
            busy_pause: Duration::from_millis(5),
            parked_poll: Duration::from_secs(1),
            retry_min: Duration::from_secs(1),
            retry_max: Duration::from_secs(300),
            attempts_max: 10,
            pause_min: Duration::from_millis(50),
            pause_max: Duration::from_secs(10),
            recheck: Duration::from_secs(5),
            stall_warn_after: Duration::from_secs(2),
            warn_every: Duration::from_secs(30),
            answer_within: Duration::from_secs(30),
            shutdown_grace: Duration::from_secs(10),
        }
    }
}

/// Longer than any runner waits for anything; instants cannot be reckoned with much longer ones.
const LONG: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

impl RunnerOptions {
    /// Every duration within what instants can be reckoned with.
    pub(super) fn bounded(mut self) -> Self {
        for duration in [
            &mut self.lease,
            &mut self.poll,
            &mut self.busy_pause,
            &mut self.parked_poll,
            &mut self.retry_min,
            &mut self.retry_max,
            &mut self.pause_min,
            &mut self.pause_max,
            &mut self.recheck,
            &mut self.stall_warn_after,
            &mut self.warn_every,
            &mut self.answer_within,
            &mut self.shutdown_grace,
        ] {
            *duration = (*duration).min(LONG);
        }
        self
    }

    pub(super) fn lease_or_least(&self) -> Duration {
        self.lease.max(Duration::from_millis(30))
    }

    pub(super) fn batch_or_least(&self) -> usize {
        self.batch_max.max(1)
    }

    pub(super) fn poll_or_least(&self) -> Duration {
        self.poll.max(Duration::from_millis(1))
    }

    /// How long to let events gather after a look that brought `events` and was not full.
    ///
    /// Below a millisecond no clock of a program wakes in time, and there is nothing to gather.
    pub(super) fn gathering(&self, events: usize) -> Option<Duration> {
        const EACH: Duration = Duration::from_micros(40);
        let pause = EACH.saturating_mul(u32::try_from(events).unwrap_or(u32::MAX));
        let pause = pause.min(self.busy_pause);
        (pause >= Duration::from_millis(1)).then_some(pause)
    }

    /// How often a runner asks for a lease that somebody else holds.
    pub(super) fn standby_poll(&self) -> Duration {
        self.lease_or_least() / 3
    }

    /// The pause after the `attempts`-th failure of a parked event; `None`: an operator decides.
    pub(super) fn retry_after(&self, attempts: u32) -> Option<Duration> {
        if attempts >= self.attempts_max {
            return None;
        }
        let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
        Some(self.retry_min.saturating_mul(doubled).min(self.retry_max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_gather_while_they_stream_in_and_not_when_they_come_one_by_one() {
        let options = RunnerOptions::default();
        assert_eq!(options.gathering(0), None);
        assert_eq!(options.gathering(10), None);
        assert_eq!(options.gathering(50), Some(Duration::from_millis(2)));
        assert_eq!(options.gathering(999), Some(options.busy_pause));
        let never = RunnerOptions {
            busy_pause: Duration::ZERO,
            ..options
        };
        assert_eq!(never.gathering(999), None);
    }

    #[test]
    fn the_pause_doubles_to_its_limit_and_ends_with_the_last_attempt() {
        let options = RunnerOptions {
            attempts_max: 50,
            ..RunnerOptions::default()
        };
        assert_eq!(options.retry_after(1), Some(Duration::from_secs(1)));
        assert_eq!(options.retry_after(2), Some(Duration::from_secs(2)));
        assert_eq!(options.retry_after(4), Some(Duration::from_secs(8)));
        assert_eq!(options.retry_after(40), Some(Duration::from_secs(300)));
        assert_eq!(options.retry_after(50), None);
    }
}
