//! A closed loop: so many callers, each sends its next command when the last one was answered.
//!
//! It counts only what was answered with success; the first failure ends the bench, because a
//! figure over failing commands would mean nothing.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::cpu::CpuTime;

/// What a loop did.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Commands that were answered.
    pub commands: u64,
    /// From the first command to the last answer, and to the end of what it left behind.
    pub elapsed: Duration,
    /// The middle of the answers' times, in milliseconds.
    pub p50_ms: f64,
    /// The time that one answer in a hundred exceeds, in milliseconds.
    pub p99_ms: f64,
    /// CPU time that was used meanwhile.
    pub cpu: CpuTime,
}

impl Measured {
    /// Commands per second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        count(self.commands) / self.elapsed.as_secs_f64()
    }
}

/// Commands as a number to divide by.
#[must_use]
pub fn count(commands: u64) -> f64 {
    u32::try_from(commands).map_or(f64::MAX, f64::from)
}

/// How a loop is run.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Callers side by side.
    pub callers: u32,
    /// No command begins after this.
    pub time: Duration,
    /// No more commands than this.
    pub commands_max: u64,
    /// The PostgreSQL whose CPU time counts.
    pub postmaster: Option<u32>,
}

/// Runs `command`, which is given a number that grows by one, from every caller; and then
/// `settle`, whose time and CPU count as the commands' own: work that they have left behind.
///
/// # Errors
/// The first failure of a command; or that nothing was done.
///
/// # Panics
/// If a command does.
pub async fn run<F, R, S>(load: Load, command: F, settle: S) -> anyhow::Result<Measured>
where
    F: Fn(u64) -> R + Send + Sync + 'static,
    R: Future<Output = anyhow::Result<()>> + Send,
    S: Future<Output = anyhow::Result<()>>,
{
    let command = Arc::new(command);
    let next = Arc::new(AtomicU64::new(0));
    let before = CpuTime::now(load.postmaster);
    let began = Instant::now();
    let callers: Vec<_> = (0..load.callers)
        .map(|_| {
            let (command, next) = (Arc::clone(&command), Arc::clone(&next));
            tokio::spawn(async move {
                let mut times = Vec::new();
                while began.elapsed() < load.time {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= load.commands_max {
                        break;
                    }
                    let sent = Instant::now();
                    command(number).await?;
                    times.push(sent.elapsed());
                }
                anyhow::Ok(times)
            })
        })
        .collect();
    let mut times = Vec::new();
    for caller in callers {
        times.extend(caller.await??);
    }
    settle.await?;
    let elapsed = began.elapsed();
    let cpu = CpuTime::now(load.postmaster).since(before);
    ensure!(!times.is_empty(), "no command was executed");
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1_000.0;
    Ok(Measured {
        commands: times.len() as u64,
        elapsed,
        p50_ms: at(50),
        p99_ms: at(99),
        cpu,
    })
}
