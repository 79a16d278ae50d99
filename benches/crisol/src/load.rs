//! Commands at a steady rate, whatever becomes of them: an open loop.
//!
//! Promises: the time of a command counts from the moment it was due, so a server that stalls is not
//! spared the commands that waited; a command is sent once, and anything but a 202 counts as failed.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::broker_away::Phase;
use crate::workload::door;

/// Where in the run a command was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Before,
    During,
    Draining,
    After,
}

const PHASES: usize = 4;

/// What became of the commands of one phase.
#[derive(Default)]
struct Answers {
    micros: Vec<u64>,
    failed: u64,
}

/// What became of all of them.
pub(crate) struct Phases {
    answers: [Answers; PHASES],
    /// When each phase began, and when the last one ended.
    times: Vec<Instant>,
}

impl Phases {
    /// How long it was.
    fn took(&self, when: When) -> Duration {
        let (from, to) = (
            self.times.get(when as usize),
            self.times.get(when as usize + 1),
        );
        let between = from.zip(to).map(|(from, to)| to.duration_since(*from));
        between.unwrap_or_default()
    }

    /// The figures of one.
    pub(crate) fn of(&self, when: When) -> Phase {
        let (answers, took) = (&self.answers[when as usize], self.took(when));
        let mut micros = answers.micros.clone();
        micros.sort_unstable();
        let commands = micros.len();
        let at = |hundredth: usize| {
            let place = commands.saturating_sub(1) * hundredth / 100;
            let micros = micros.get(place).copied().unwrap_or_default();
            Duration::from_micros(micros).as_secs_f64() * 1_000.0
        };
        Phase {
            seconds: took.as_secs_f64(),
            commands: commands as u64,
            failed: answers.failed,
            per_second: (commands as f64) / took.as_secs_f64().max(f64::EPSILON),
            p50_ms: at(50),
            p99_ms: at(99),
        }
    }
}

struct Shared {
    http: reqwest::Client,
    url: String,
    rate: u64,
    now: AtomicU8,
    stop: AtomicBool,
    answers: Mutex<[Answers; PHASES]>,
}

impl Shared {
    fn answers(&self) -> MutexGuard<'_, [Answers; PHASES]> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running load.
pub(crate) struct Load {
    shared: Arc<Shared>,
    running: JoinHandle<anyhow::Result<()>>,
    times: Vec<Instant>,
}

impl Load {
    /// Starts it, before the server at this address.
    pub(crate) fn start(url: &str, rate: u64) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared {
            http: door::client()?,
            url: format!("{url}/ingesta/crear-ingesta-comando"),
            rate: rate.max(1),
            now: AtomicU8::new(When::Before as u8),
            stop: AtomicBool::new(false),
            answers: Mutex::default(),
        });
        let running = tokio::spawn(Arc::clone(&shared).run());
        let times = vec![Instant::now()];
        Ok(Self {
            shared,
            running,
            times,
        })
    }

    /// From here on commands are due in this phase, the next one.
    pub(crate) fn now(&mut self, when: When) {
        self.times.push(Instant::now());
        self.shared.now.store(when as u8, Ordering::Relaxed);
    }

    /// Waits for the last answers.
    pub(crate) async fn stop(mut self) -> anyhow::Result<Phases> {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.times.push(Instant::now());
        self.running.await.context("the load")??;
        Ok(Phases {
            answers: std::mem::take(&mut *self.shared.answers()),
            times: self.times,
        })
    }
}

impl Shared {
    async fn run(self: Arc<Self>) -> anyhow::Result<()> {
        let (began, mut number, mut under_way) = (Instant::now(), 0_u64, JoinSet::new());
        while !self.stop.load(Ordering::Relaxed) {
            let due = began
                + Duration::from_secs(1) * u32::try_from(number / self.rate)?
                + Duration::from_secs_f64((number % self.rate) as f64 / self.rate as f64);
            sleep_until(due).await;
            under_way.spawn(Arc::clone(&self).one(number, due));
            number += 1;
            while let Some(ended) = under_way.try_join_next() {
                ended.context("a command")?;
            }
        }
        while let Some(ended) = under_way.join_next().await {
            ended.context("a command")?;
        }
        Ok(())
    }

    async fn one(self: Arc<Self>, number: u64, due: Instant) {
        let phase = usize::from(self.now.load(Ordering::Relaxed));
        let body = door::creation(number, "https://imagenes.example.org/a.dcm", "CT");
        let sent = self.http.post(&self.url).json(&body).send().await;
        let done = match sent {
            Ok(answer) if answer.status() == 202 => answer.bytes().await.is_ok(),
            Ok(_) | Err(_) => false,
        };
        let micros = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers[phase].micros.push(micros);
        answers[phase].failed += u64::from(!done);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_hundredth_is_the_slowest_hundredth() {
        let mut answers: [Answers; PHASES] = Default::default();
        answers[When::During as usize] = Answers {
            micros: (1..=1_000).rev().map(|n| n * 1_000).collect(),
            failed: 3,
        };
        let began = Instant::now();
        let times = [0, 5, 15].map(|at| began + Duration::from_secs(at));
        let phases = Phases {
            answers,
            times: times.into(),
        };
        let away = phases.of(When::During);
        assert_eq!((away.commands, away.failed), (1_000, 3));
        assert!((away.per_second - 100.0).abs() < 0.01);
        assert!((away.p50_ms - 500.0).abs() < 1.5, "{}", away.p50_ms);
        assert!((away.p99_ms - 990.0).abs() < 1.5, "{}", away.p99_ms);
        assert_eq!(phases.of(When::After).commands, 0);
    }
}
