//! `ingesta projections`: the tables that are folded from the log; listed, shown,
//! rebuilt and verified.
//!
//! Promises: a name that is no projection of this program is refused before anything is done; one
//! SIGTERM or Ctrl-C stops in order, and the same rebuild goes on.
//! Does not: stop or start servers; they go on meanwhile.

mod list;
mod progress;
mod rebuild;
mod show;
mod verify;

use ingesta_event_store::Database;
use ingesta_projections::{Rebuild, RebuildError, RebuildOptions};
use tokio_util::sync::CancellationToken;

use super::args::{ProjectionNames, ProjectionsCommand};
use super::exit::{CliError, Exit};
use super::out::Out;
use super::signals::StopSignals;
use crate::config::Config;
use crate::operacion::proyecciones::{named, rebuild as rebuild_of};
use crate::registry::PROJECTIONS;

pub(super) async fn run(
    config: &Config,
    command: ProjectionsCommand,
    out: &Out,
) -> Result<Exit, CliError> {
    match command {
        ProjectionsCommand::List => list::run(config, out).await,
        ProjectionsCommand::Rebuild(args) => rebuild::run(config, args, out).await,
        ProjectionsCommand::Verify(args) => verify::run(config, args, out).await,
        ProjectionsCommand::Show(args) => show::run(config, args, out).await,
    }
}

/// The projections that were named, each once.
fn chosen(names: &ProjectionNames) -> Result<Vec<&'static str>, CliError> {
    let mut chosen: Vec<&'static str> = Vec::new();
    for name in &names.names {
        let known = named(name).ok_or_else(|| {
            let all = PROJECTIONS.join(", ");
            CliError::Usage(format!("there is no projection {name}; there are: {all}"))
        })?;
        if !chosen.contains(&known) {
            chosen.push(known);
        }
    }
    if names.all {
        chosen = PROJECTIONS.to_vec();
    }
    Ok(chosen)
}

/// A rebuild of these projections.
fn prepared(
    database: &Database,
    names: &[&'static str],
    memory: Option<u64>,
    compare: bool,
) -> Rebuild {
    let defaults = RebuildOptions::default();
    let options = RebuildOptions {
        memory_bytes: memory.map_or(defaults.memory_bytes, |mib| mib.saturating_mul(1 << 20)),
        compare,
        ..defaults
    };
    rebuild_of(database, names, options)
}

/// Does `work`, which a signal stops in order.
async fn stoppable<T>(
    signals: &mut StopSignals,
    stop: &CancellationToken,
    work: impl Future<Output = Result<T, RebuildError>>,
) -> Result<T, RebuildError> {
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => return done,
        () = signals.next() => stop.cancel(),
    }
    tokio::select! {
        done = &mut work => done,
        // A second signal: what is kept is kept, and the lease runs out by itself.
        () = signals.next() => Err(RebuildError::Cancelled),
    }
}

/// What a failure means where a stopped call does not go on but begins anew.
fn begins_anew(error: RebuildError) -> CliError {
    if matches!(error, RebuildError::Cancelled) {
        return CliError::Stopped;
    }
    error.into()
}

/// The most memory that this process has had, in bytes, where the system tells.
fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}
