//! The groups of `cargo bench --bench peers`: each measures a few figures and prints their lines.
//!
//! Promises: a group makes its own databases and drops them, so any of them can be run alone; what
//! is divided by each other is measured in the same group, interleaved.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod big;
mod ceiling;
mod create;
mod follow;
mod http;
mod kafka;
mod rebuild;
mod update;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::closed_loop::{Load, Measured};
use crate::figures::Figures;
use crate::postgres::Server;
use crate::sample::Sample;
use crate::settings::Settings;
use crate::sides::Side;

/// The groups, in the order in which they run.
pub const GROUPS: [&str; 8] = [
    "create", "update", "http", "ceiling", "follow", "kafka", "rebuild", "big",
];

/// What every group works with.
pub struct Bench {
    /// How long it may measure.
    pub settings: Settings,
    /// The server under all sides.
    pub server: Server,
    /// The workload.
    pub sample: Arc<Sample>,
    /// Where the figures go.
    pub figures: Figures,
}

/// Runs the groups of these names; all of them without a name.
///
/// # Errors
/// For a name that no group has, and the first failure of a group.
pub async fn run(bench: &mut Bench, wanted: &[String]) -> anyhow::Result<()> {
    if let Some(unknown) = wanted.iter().find(|name| !GROUPS.contains(&name.as_str())) {
        bail!("no group {unknown}; there are {}", GROUPS.join(", "));
    }
    for group in GROUPS {
        if !wanted.is_empty() && !wanted.iter().any(|name| name == group) {
            continue;
        }
        let began = Instant::now();
        let ended = match group {
            "create" => create::run(bench).await,
            "update" => update::run(bench).await,
            "http" => http::run(bench).await,
            "ceiling" => ceiling::run(bench).await,
            "kafka" => kafka::run(bench).await,
            "rebuild" => rebuild::run(bench).await,
            "big" => big::run(bench).await,
            _ => follow::run(bench).await,
        };
        ended.with_context(|| format!("group {group}"))?;
        bench.server.clear().await?;
        println!("group {group} took {:.0} s", began.elapsed().as_secs_f64());
    }
    Ok(())
}

impl Bench {
    /// Passes over windows of a second or two.
    #[must_use]
    pub fn passes(&self) -> usize {
        self.settings.pick(5, 1)
    }

    /// Passes over what takes longer.
    #[must_use]
    pub fn few_passes(&self) -> usize {
        self.settings.pick(3, 1)
    }

    /// A window of so many callers.
    #[must_use]
    pub fn load(&self, callers: u32) -> Load {
        Load {
            callers,
            time: self.settings.millis(1_500, 150),
            commands_max: u64::MAX,
            postmaster: self.server.postmaster,
        }
    }

    /// Creates in a closed loop.
    ///
    /// # Errors
    /// The first failure.
    pub async fn create(&self, side: &Side, callers: u32) -> anyhow::Result<Measured> {
        create_for(side, &self.sample, self.load(callers)).await
    }

    /// Warms connections, statements and caches up.
    ///
    /// # Errors
    /// The first failure.
    pub async fn warm(&self, sides: &[&Side]) -> anyhow::Result<()> {
        let load = Load {
            time: Duration::from_millis(300),
            ..self.load(16)
        };
        for side in sides {
            create_for(side, &self.sample, load).await?;
        }
        self.server.checkpoint().await
    }
}

async fn create_for(side: &Side, sample: &Arc<Sample>, load: Load) -> anyhow::Result<Measured> {
    let sample = Arc::clone(sample);
    let command = move |_| (uuid::Uuid::now_v7().to_string(), sample.create());
    side.window(load, command).await
}
