//! A process that is named so that another one with the same number is not mistaken for it.
//!
//! Promises: pid and start time together (Linux); a zombie counts as dead; signals go only to the
//! process that was meant.
//! Does not: know the start time on systems without `/proc`; there the pid alone decides.

use std::path::Path;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde::{Deserialize, Serialize};

/// Pid and start time (in the kernel's ticks since boot, `None` where it cannot be known).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProcessId {
    pub(crate) pid: u32,
    pub(crate) started: Option<u64>,
}

impl ProcessId {
    /// The process that has this number now, if it is alive.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        if Path::new("/proc/self/stat").exists() {
            let (state, started) = stat(pid)?;
            return (!is_dead(state)).then_some(Self {
                pid,
                started: Some(started),
            });
        }
        exists(pid).then_some(Self { pid, started: None })
    }

    /// This very process.
    pub(crate) fn current() -> Self {
        let pid = std::process::id();
        Self::of(pid).unwrap_or(Self { pid, started: None })
    }

    /// Whether it is still the same process and still alive.
    pub(crate) fn is_alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// Sends a signal if it is still the same process; a failure means that it is gone or foreign,
    /// which the caller's next look at it tells.
    pub(crate) fn signal(self, signal: Signal) {
        if self.is_alive()
            && let Some(pid) = raw(self.pid)
        {
            let _ = kill_process(pid, signal);
        }
    }

    /// The folder that the process works in, where the system tells.
    pub(crate) fn works_in(self, dir: &Path) -> Option<bool> {
        let cwd = std::fs::read_link(format!("/proc/{}/cwd", self.pid)).ok()?;
        Some(cwd == dir)
    }
}

/// Every live process whose working folder is `dir`; empty where the system does not tell.
pub(crate) fn working_in(dir: &Path) -> Vec<ProcessId> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter_map(ProcessId::of)
        .filter(|process| process.works_in(dir) == Some(true))
        .collect()
}

/// Whether [`working_in`] can see anything on this system.
pub(crate) fn can_list_processes() -> bool {
    Path::new("/proc/self/cwd").exists()
}

fn raw(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

fn exists(pid: u32) -> bool {
    // EPERM means that it exists and is somebody else's.
    raw(pid).is_some_and(|pid| {
        matches!(
            test_kill_process(pid),
            Ok(()) | Err(rustix::io::Errno::PERM)
        )
    })
}

fn stat(pid: u32) -> Option<(char, u64)> {
    parse_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// State and start time; the command's name may hold spaces and brackets, so count from its end.
fn parse_stat(stat: &str) -> Option<(char, u64)> {
    let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}

fn is_dead(state: char) -> bool {
    matches!(state, 'Z' | 'X' | 'x')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_brackets_does_not_shift_the_fields() {
        let stat = "42 (a ) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20";
        assert_eq!(parse_stat(stat), Some(('S', 777)));
        assert_eq!(parse_stat("garbage"), None);
    }

    #[test]
    fn another_process_with_the_same_number_is_not_taken_for_it() {
        let me = ProcessId::current();
        assert!(me.is_alive());
        if let Some(started) = me.started {
            let stranger = ProcessId {
                pid: me.pid,
                started: Some(started + 1),
            };
            assert!(!stranger.is_alive());
        }
    }

    #[test]
    fn a_child_that_nobody_waited_for_is_dead() {
        let mut child = std::process::Command::new("true")
            .spawn()
            .expect("run true");
        let pid = child.id();
        if can_list_processes() {
            while ProcessId::of(pid).is_some() {
                std::thread::yield_now();
            }
        }
        child.wait().expect("wait");
        assert_eq!(ProcessId::of(pid), None);
    }
}
