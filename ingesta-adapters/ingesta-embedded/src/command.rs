//! Runs a program to its end, bounded in time, with its words kept in a file.
//!
//! Promises: the program is killed when it takes too long; an error carries its last lines.
//! Does not: run the database itself, which has no end.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::{EmbeddedError, io};

/// Runs it and waits; blocking, so call it where blocking is allowed.
pub(crate) fn run(
    program: &'static str,
    command: &mut Command,
    log: &Path,
    limit: Duration,
) -> Result<(), EmbeddedError> {
    let out = File::create(log).map_err(io("write", log))?;
    let err = out.try_clone().map_err(io("write", log))?;
    command.stdin(Stdio::null()).stdout(out).stderr(err);
    let mut child = command.spawn().map_err(io("run", command.get_program()))?;
    let deadline = Instant::now() + limit;
    let failed = |how: String| {
        Err(EmbeddedError::Program {
            program,
            detail: format!("{how}: {}", tail(log, 0)),
        })
    };
    loop {
        match child
            .try_wait()
            .map_err(io("wait for", command.get_program()))?
        {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return failed(status.to_string()),
            None if Instant::now() >= deadline => {
                let _ = child.kill();
                let _ = child.wait();
                return failed(format!("no end after {} s", limit.as_secs()));
            }
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// The last lines of a log after this many bytes, on one line, at most about 2 kB.
pub(crate) fn tail(log: &Path, from: u64) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    // A log that is shorter than where it was to begin has been turned over since.
    let from = usize::try_from(from)
        .ok()
        .filter(|from| *from <= bytes.len())
        .unwrap_or(0);
    let start = bytes.len().saturating_sub(2_000).max(from);
    let text = String::from_utf8_lossy(bytes.get(start..).unwrap_or_default()).into_owned();
    let lines: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let last = lines
        .get(lines.len().saturating_sub(12)..)
        .unwrap_or_default();
    if last.is_empty() {
        "(nothing was logged)".to_owned()
    } else {
        last.join(" | ")
    }
}
