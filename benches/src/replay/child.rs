//! One rebuild in a process of its own, so that its greatest memory is its own.
//!
//! The bench starts itself with a hidden argument; the address of the database, which holds a
//! password, travels in the environment. Time is taken inside the child, around the rebuild alone.

use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use tokio::process::Command;

use super::run::rebuild;

/// The hidden argument.
pub const CHILD: &str = "--rebuild-child";
const URL: &str = "INGESTA_BENCH_CHILD_URL";
const COMPARE: &str = "INGESTA_BENCH_CHILD_COMPARE";

/// What a rebuild took.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Rebuilt {
    /// From its start to the swapped table.
    pub seconds: f64,
    /// The greatest resident memory of its process; 0 where the system does not tell.
    pub peak_rss_mib: f64,
}

/// Rebuilds the view of this database in a child process; `compare` is what a rebuild does by
/// itself, and what the figures with goals are of.
///
/// # Errors
/// When it fails.
pub async fn rebuild_in_child(url: &str, compare: bool) -> anyhow::Result<Rebuilt> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(CHILD).env(URL, url).stdin(Stdio::null());
    command.env(COMPARE, compare.to_string());
    command.stderr(Stdio::inherit()).kill_on_drop(true);
    let output = command.output().await?;
    ensure!(
        output.status.success(),
        "a rebuild failed: {}",
        output.status
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Is the child; what it answers is for its standard output.
///
/// # Errors
/// When the rebuild fails.
pub async fn be_child() -> anyhow::Result<String> {
    let url = std::env::var(URL).context("a child needs an address")?;
    let compare = std::env::var(COMPARE).is_ok_and(|compare| compare == "true");
    let began = Instant::now();
    rebuild(&url, compare).await?;
    Ok(serde_json::to_string(&Rebuilt {
        seconds: began.elapsed().as_secs_f64(),
        peak_rss_mib: peak_rss_mib().unwrap_or(0.0),
    })?)
}

fn peak_rss_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1_024.0)
}
