//! How long after its answer a command was where a follower should have brought it.
//!
//! Nobody waits for single commands while it is measured: answers and the follower's steps are
//! noted with their times, and put together afterwards.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::Context;
use ingesta_event_store::Position;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// When a position was reached, or a command at it was answered.
#[derive(Clone, Copy, Debug)]
pub struct Noted {
    /// Where in the log.
    pub position: Position,
    /// When.
    pub at: Instant,
}

/// What was reached when.
#[derive(Clone, Debug, Default)]
pub struct Steps(Arc<Mutex<Vec<Noted>>>);

impl Steps {
    /// It was reached now.
    pub fn note(&self, position: Position) {
        let at = Instant::now();
        let mut steps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        steps.push(Noted { position, at });
    }

    /// Notes every move of a runner's checkpoint, until it is aborted.
    #[must_use]
    pub fn observe(mut runner: watch::Receiver<Position>) -> (Self, JoinHandle<()>) {
        let steps = Self::default();
        let noted = steps.clone();
        let task = tokio::spawn(async move {
            while runner.changed().await.is_ok() {
                noted.note(*runner.borrow_and_update());
            }
        });
        (steps, task)
    }

    /// How long each answered command waited to be reached.
    ///
    /// # Errors
    /// When one was not.
    pub fn lags(&self, mut answered: Vec<Noted>) -> anyhow::Result<Lags> {
        let steps = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        answered.sort_unstable_by_key(|noted| noted.position);
        let mut steps = steps.into_iter().peekable();
        let mut lags = Vec::with_capacity(answered.len());
        for command in answered {
            while steps
                .next_if(|step| step.position < command.position)
                .is_some()
            {}
            let step = steps.peek().context("a follower did not reach a command")?;
            // A follower may be there before the caller has its answer.
            let lag = step.at.saturating_duration_since(command.at).as_secs_f64() * 1_000.0;
            lags.push((command.at, lag));
        }
        lags.sort_unstable_by_key(|(at, _)| *at);
        let lags: Vec<f64> = lags.into_iter().map(|(_, lag)| lag).collect();
        let fifth = (lags.len() / 5).max(1);
        let growth = at_share(&lags[lags.len() - fifth..], 50) / at_share(&lags[..fifth], 50);
        Ok(Lags {
            p50_ms: at_share(&lags, 50),
            p99_ms: at_share(&lags, 99),
            growth,
        })
    }
}

/// The lags of a window.
#[derive(Clone, Copy, Debug)]
pub struct Lags {
    /// The middle, in milliseconds.
    pub p50_ms: f64,
    /// What one in a hundred exceeds, in milliseconds.
    pub p99_ms: f64,
    /// The middle of the last fifth of the window over that of its first fifth.
    pub growth: f64,
}

fn at_share(lags: &[f64], share: usize) -> f64 {
    let mut sorted = lags.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
        .get((sorted.len().saturating_sub(1)) * share / 100)
        .copied()
        .unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_waits_for_the_first_step_at_or_behind_it() {
        let steps = Steps::default();
        let at = Instant::now();
        let noted = |position| Noted {
            position: Position::new(1, position),
            at,
        };
        steps.note(Position::new(1, 2));
        steps.note(Position::new(1, 4));
        assert!(
            steps
                .lags(vec![noted(4), noted(1)])
                .is_ok_and(|lags| lags.p50_ms >= 0.0)
        );
        assert!(steps.lags(vec![noted(5)]).is_err(), "never reached");
    }
}
