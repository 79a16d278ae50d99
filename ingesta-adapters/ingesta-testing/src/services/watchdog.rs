//! The small process that outlives the test binaries and stops the server after the last of them.
//!
//! It is a POSIX shell script, because nothing else is sure to be there: `cargo test -p x` builds no
//! other package's program, and the current executable is a test binary, which may be replaced by
//! the next compilation and would run tests. It needs `flock` (util-linux, busybox) or `perl`.
//!
//! Promises: none of its streams is ours, or whoever waits for our output would wait for it.
//! Does not: start the server.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::folder::Folder;
use super::lock::{Kind, try_take};

const SCRIPT: &str = include_str!("watchdog.sh");
const PATIENCE: Duration = Duration::from_secs(20);

/// What a watchdog watches, and what it does in the end.
#[derive(Debug)]
pub(crate) struct Orders<'a> {
    /// The service's process.
    pub(crate) pid: u32,
    /// What is deleted with it.
    pub(crate) data: &'a Path,
    /// How long the service outlives its last user.
    pub(crate) grace: Duration,
    /// Signals with the seconds that each is given, as in `TERM:15 KILL:10`.
    pub(crate) signals: &'static str,
}

/// Whether a watchdog lives and watches this server.
pub(crate) fn watches(folder: &Folder, pid: u32) -> anyhow::Result<bool> {
    let alive = try_take(&folder.watchdog(), Kind::InCommon)?.is_none();
    let watched = std::fs::read_to_string(folder.watched()).unwrap_or_default();
    Ok(alive && watched.trim() == pid.to_string())
}

/// Starts a watchdog and waits until it is on duty.
pub(crate) async fn spawn(folder: &Folder, orders: &Orders<'_>) -> anyhow::Result<()> {
    let log = folder.watchdog_log();
    let out = File::create(&log).with_context(|| format!("write {}", log.display()))?;
    let err = out.try_clone().context("share the watchdog's log")?;
    let mut child = Command::new("sh")
        .args(["-c", SCRIPT, "ingesta-test-watchdog"])
        .arg(folder.root())
        .arg(orders.pid.to_string())
        .arg(orders.data)
        .arg(orders.grace.as_secs().to_string())
        .arg(orders.signals)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        // Ctrl-C in the terminal ends the tests, not the watchdog that cleans up after them.
        .process_group(0)
        .spawn()
        .context("start the watchdog (sh)")?;
    let deadline = Instant::now() + PATIENCE;
    while !watches(folder, orders.pid)? {
        let ended = child.try_wait().context("look at the watchdog")?;
        if ended.is_some() || Instant::now() >= deadline {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            bail!(
                "the watchdog of the test services did not start: {}",
                said.trim()
            );
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // A zombie is no harm while we live, but a long-lived test process should not keep one.
    std::thread::spawn(move || child.wait());
    Ok(())
}
