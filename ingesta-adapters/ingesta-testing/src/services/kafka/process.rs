//! The processes of a broker, found by the configuration that is on their command line.
//!
//! Promises: a process is found whoever started it and however that one ended, so there is no file
//! with a number in it that could be stale; a dead process that nobody waited for is not found.
//! Does not: find a process whose command line the system hides from us.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};

/// The class that is the broker.
pub(crate) const BROKER: &str = "kafka.Kafka";

/// The broker that runs with this configuration.
pub(crate) fn broker_of(config: &Path) -> Option<u32> {
    let found = matching(|line| line.names(config) && line.is("java") && line.has(BROKER));
    found.into_iter().next()
}

/// Every process with this configuration: the broker, tools that prepare its data, and docker's
/// client where that has started them.
fn all_of(config: &Path) -> Vec<u32> {
    matching(|line| line.names(config))
}

/// Sends a signal to the broker; answers whether there is one.
pub(crate) fn signal_broker(config: &Path, signal: Signal) -> anyhow::Result<bool> {
    match broker_of(config) {
        Some(pid) => send(pid, signal).map(|()| true),
        None => Ok(false),
    }
}

/// Kills whatever runs with this configuration, and waits until it is gone.
pub(crate) async fn kill_all(config: &Path) -> anyhow::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let left = all_of(config);
        let Some(first) = left.first() else {
            return Ok(());
        };
        if Instant::now() >= deadline {
            bail!("the process {first} of a broker does not end");
        }
        left.iter().try_for_each(|pid| send(*pid, Signal::KILL))?;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Whether the broker has gone within this time.
pub(crate) async fn is_gone(config: &Path, patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    while broker_of(config).is_some() {
        if Instant::now() >= deadline {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    true
}

fn send(pid: u32, signal: Signal) -> anyhow::Result<()> {
    let raw = i32::try_from(pid).ok().and_then(Pid::from_raw);
    match raw.map(|raw| kill_process(raw, signal)) {
        // It ended just now.
        None | Some(Ok(()) | Err(rustix::io::Errno::SRCH)) => Ok(()),
        Some(Err(error)) => {
            Err(error).with_context(|| format!("send a signal to the process {pid}"))
        }
    }
}

/// A process's command line: its words where the system keeps them apart.
enum Line {
    Words(Vec<Vec<u8>>),
    Text(String),
}

impl Line {
    fn is(&self, program: &str) -> bool {
        match self {
            Self::Words(words) => words
                .first()
                .is_some_and(|it| it.ends_with(program.as_bytes())),
            Self::Text(text) => text
                .split(' ')
                .next()
                .is_some_and(|it| it.ends_with(program)),
        }
    }

    fn has(&self, word: &str) -> bool {
        match self {
            Self::Words(words) => words.iter().any(|it| it == word.as_bytes()),
            Self::Text(text) => text.split(' ').any(|it| it == word),
        }
    }

    /// An editor that shows the file, or a search for it, is not meant.
    fn names(&self, config: &Path) -> bool {
        let named = match self {
            Self::Words(words) => {
                let config = config.as_os_str().as_encoded_bytes();
                words.iter().any(|it| it == config)
            }
            Self::Text(text) => text.contains(&*config.to_string_lossy()),
        };
        named && (self.is("java") || self.is("docker"))
    }
}

fn matching(wanted: impl Fn(&Line) -> bool) -> Vec<u32> {
    let lines = from_proc().unwrap_or_else(from_ps);
    let found = lines.into_iter().filter(|(_, line)| wanted(line));
    found.map(|(pid, _)| pid).collect()
}

/// `None` on a system without `/proc`. A zombie has no words.
fn from_proc() -> Option<Vec<(u32, Line)>> {
    std::fs::metadata("/proc/self/cmdline").ok()?;
    let entries = std::fs::read_dir("/proc").ok()?;
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let lines = pids.filter_map(|pid| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let words = line.split(|byte| *byte == 0).map(<[u8]>::to_vec);
        Some((pid, Line::Words(words.collect())))
    });
    Some(lines.collect())
}

fn from_ps() -> Vec<(u32, Line)> {
    let mut ps = Command::new("ps");
    let output = ps.args(["-axww", "-o", "pid=,command="]).output();
    let output = output.map(|it| it.stdout).unwrap_or_default();
    lines_of_ps(&String::from_utf8_lossy(&output))
}

/// A zombie is shown by its name in brackets, without words.
fn lines_of_ps(text: &str) -> Vec<(u32, Line)> {
    let line = |line: &str| {
        let (pid, command) = line.trim_start().split_once(' ')?;
        Some((pid.parse().ok()?, Line::Text(command.trim().to_owned())))
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "/tmp/a/server.properties";

    fn words(words: &[&str]) -> Line {
        Line::Words(words.iter().map(|it| it.as_bytes().to_vec()).collect())
    }

    #[test]
    fn a_broker_is_known_by_its_own_configuration() {
        let config = Path::new(CONFIG);
        let broker = words(&["/usr/bin/java", "-cp", "x", BROKER, CONFIG]);
        assert!(broker.names(config) && broker.is("java") && broker.has(BROKER));
        let tool = words(&["java", "kafka.tools.StorageTool", "format", "-c", CONFIG]);
        assert!(tool.names(config) && !tool.has(BROKER));
        assert!(!words(&["vi", CONFIG]).names(config), "an editor");
        assert!(!words(&["java", BROKER, "/tmp/b/server.properties"]).names(config));
        assert!(!words(&[""]).names(config), "a zombie");
    }

    #[test]
    fn what_ps_shows_is_read_alike() {
        let text = "  7 /usr/bin/java -cp x kafka.Kafka /tmp/a/server.properties\n 8 (java)\n";
        let lines = lines_of_ps(text);
        let config = Path::new(CONFIG);
        let found = lines.iter().filter(|(_, line)| line.names(config));
        assert_eq!(found.map(|(pid, _)| *pid).collect::<Vec<_>>(), [7]);
        assert!(lines[0].1.is("java") && lines[0].1.has(BROKER));
    }
}
