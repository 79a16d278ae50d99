//! CPU time from `/proc`: of this process, of a PostgreSQL and its children, of the machine.
//!
//! The kernel counts in ticks of 10 ms, so figures are good for windows of half a second and more,
//! or for sums over rounds. Elsewhere than on Linux there is nothing to read and the time is 0.

use std::fs;
use std::time::Duration;

/// `USER_HZ`: 100 on every Linux that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU time used so far by the client, by the PostgreSQL and by the whole machine, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CpuTime {
    /// This process, and the children that it has waited for.
    pub client: f64,
    /// The postmaster, what it has reaped, and its children.
    pub server: f64,
    /// Everything on the machine that was not idle.
    pub machine: f64,
}

impl CpuTime {
    /// Now. Without a postmaster (a PostgreSQL on another machine) the server's time stays 0.
    #[must_use]
    pub fn now(postmaster: Option<u32>) -> Self {
        Self {
            client: process(std::process::id())
                .map_or(0.0, |it| (it.own + it.reaped) / TICKS_PER_SECOND),
            server: postmaster.map_or(0.0, |pid| tree(pid) / TICKS_PER_SECOND),
            machine: machine() / TICKS_PER_SECOND,
        }
    }

    /// What was used since `before`.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            client: self.client - before.client,
            server: self.server - before.server,
            machine: self.machine - before.machine,
        }
    }

    /// How much of the machine everybody else took meanwhile, in percent of all cores.
    #[must_use]
    pub fn other_load(self, elapsed: Duration) -> f64 {
        let others = (self.machine - self.client - self.server).max(0.0);
        100.0 * others / (elapsed.as_secs_f64() * f64::from(cores()))
    }
}

/// How many cores there are.
#[must_use]
pub fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1))
}

/// The parent of a process that is there; to find the postmaster of a backend.
#[must_use]
pub fn parent(pid: u32) -> Option<u32> {
    process(pid).map(|it| it.parent)
}

struct Process {
    parent: u32,
    own: f64,
    reaped: f64,
}

/// Fields of `/proc/PID/stat` behind the name, which is in brackets and may hold anything.
fn process(pid: u32) -> Option<Process> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |index: usize| -> Option<f64> { fields.get(index)?.parse().ok() };
    Some(Process {
        parent: fields.get(1)?.parse().ok()?,
        own: ticks(11)? + ticks(12)?,
        reaped: ticks(13)? + ticks(14)?,
    })
}

fn tree(postmaster: u32) -> f64 {
    let Some(root) = process(postmaster) else {
        return 0.0;
    };
    let Ok(entries) = fs::read_dir("/proc") else {
        return 0.0;
    };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let children = pids
        .filter_map(process)
        .filter(|it| it.parent == postmaster);
    root.own + root.reaped + children.map(|it| it.own).sum::<f64>()
}

/// Everything but `idle` and `iowait` of the first line of `/proc/stat`. The guests' time is in
/// the users' already.
fn machine() -> f64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let fields = line.split_whitespace().skip(1).take(8).enumerate();
    let busy = fields.filter(|(index, _)| !matches!(index, 3 | 4));
    busy.filter_map(|(_, ticks)| ticks.parse::<f64>().ok())
        .sum()
}
