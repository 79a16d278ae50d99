//! The settings of a timer worker, each with its default and its unit.

use std::time::Duration;

/// How a [`super::TimerWorker`] behaves.
#[derive(Clone, Debug)]
pub struct TimerOptions {
    /// The longest pause between two looks: a timer that was set meanwhile may be late by this much.
    /// One that is known is fired when it is due. Default 1 s, at least 1 ms.
    pub poll: Duration,
    /// Timers that are taken in one look. Default 100, at least 1.
    pub batch_max: usize,
    /// How long a timer is out of other workers' reach, and so how soon one that died while it fired
    /// it is replaced; also the first pause of a timer that cannot fire. Default 10 s.
    pub pause: Duration,
    /// The first pause when the store is away; it doubles. Default 50 ms, at least 1 ms.
    pub away_min: Duration,
    /// The longest such pause. Default 10 s.
    pub away_max: Duration,
    /// A store that has not answered for this long counts as away. Default 30 s.
    pub answer_within: Duration,
    /// How long a firing may go on after shutdown was asked for. Default 10 s.
    pub shutdown_grace: Duration,
}

impl Default for TimerOptions {
    fn default() -> Self {
        Self {
            poll: Duration::from_secs(1),
            batch_max: 100,
            pause: Duration::from_secs(10),
            away_min: Duration::from_millis(50),
            away_max: Duration::from_secs(10),
            answer_within: Duration::from_secs(30),
            shutdown_grace: Duration::from_secs(10),
        }
    }
}
