//! Runs a program to its end, within a bound.
//!
//! Promises: a program that takes too long, or whose caller has gone, is killed; an error carries
//! its last words.
//! Does not: run a service, which has no end.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};

/// Runs it and answers what it printed, errors after the rest.
pub(crate) async fn run(command: Command, limit: Duration) -> anyhow::Result<String> {
    let name = Path::new(command.get_program()).file_name();
    let name = name.unwrap_or_default().to_string_lossy().into_owned();
    let mut command = tokio::process::Command::from(command);
    let ending = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let Ok(ended) = tokio::time::timeout(limit, ending).await else {
        bail!("`{name}` did not end within {} s", limit.as_secs());
    };
    let ended = ended.with_context(|| format!("run `{name}`"))?;
    let said = [ended.stdout, ended.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    if !ended.status.success() {
        bail!("`{name}` failed ({}): {}", ended.status, last_words(&said));
    }
    Ok(said)
}

/// The last lines of a text, on one line.
pub(crate) fn last_words(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let lines: Vec<_> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    let last = lines.get(lines.len().saturating_sub(12)..);
    match last.unwrap_or_default() {
        [] => "(it said nothing)".to_owned(),
        last => last.join(" | "),
    }
}

/// A program of `PATH`.
pub(crate) fn in_path(name: &str) -> Option<PathBuf> {
    all_in_path(name).into_iter().next()
}

/// Every program of this name in `PATH`, in its order.
pub(crate) fn all_in_path(name: &str) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name));
    found.filter(|program| program.is_file()).collect()
}
