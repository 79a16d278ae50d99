//! Clients that mean harm, beside those that do not: what the first cost the second.
//!
//! Promises: the honest ones send commands at a stated rate whatever the server does, and their times
//! count from when they were due; the others come from other addresses, as many as the server lets
//! in. It judges what must not happen (a command that failed, memory that grew) and no time: the
//! ratio of the slowest hundredths is told.

mod attackers;
mod report;

use std::time::Duration;

use anyhow::Context;

pub use report::SiegeReport;

use self::attackers::Attackers;
use crate::load::{Load, When};
use crate::processes::{Postgres, Server, server_binary};

/// What is done.
#[derive(Clone, Debug)]
pub struct SiegePlan {
    /// Honest commands a second.
    pub rate: u64,
    /// How long the honest ones are alone before and after.
    pub alone: Duration,
    /// How long the others are there too.
    pub besieged: Duration,
}

/// Carries it out. `say` is told what happens.
///
/// # Errors
/// When it could not be carried out; what it has found is in its report.
pub async fn siege(plan: &SiegePlan, say: &dyn Fn(String)) -> anyhow::Result<SiegeReport> {
    let folder = std::env::temp_dir().join(format!("crisol-{}", uuid::Uuid::now_v7().simple()));
    std::fs::create_dir(&folder)?;
    let binary = tokio::task::spawn_blocking(server_binary).await??;
    let postgres = Postgres::start(&folder.join("postgres")).await?;
    let log = folder.join("server.log");
    let launch = Server::launch(&binary, postgres.url(), &log);
    let ended = async {
        let server = Server::start(&launch).await?;
        carry_out(plan, &server, say).await
    };
    let ended = ended.await;
    let stopped = postgres.finish().await;
    let report = ended.with_context(|| format!("see {}", folder.display()))?;
    stopped?;
    std::fs::remove_dir_all(&folder)?;
    Ok(report)
}

async fn carry_out(
    plan: &SiegePlan,
    server: &Server,
    say: &dyn Fn(String),
) -> anyhow::Result<SiegeReport> {
    let mut load = Load::start(server.url(), plan.rate)?;
    tokio::time::sleep(plan.alone).await;
    let (resident, files) = (server.resident_bytes()?, server.open_files()?);
    load.now(When::During);
    say(format!(
        "the others come: {} MiB, {files} files",
        resident >> 20
    ));
    let attackers = Attackers::start(server.url())?;
    let (mut most, mut open) = (0, 0);
    let end = tokio::time::Instant::now() + plan.besieged;
    while tokio::time::Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(250)).await;
        most = most.max(server.resident_bytes()?);
        open = open.max(server.open_files()?);
    }
    let attacks = attackers.stop().await;
    load.now(When::Draining);
    say(format!(
        "the others are gone: at most {} MiB, {open} files",
        most >> 20
    ));
    tokio::time::sleep(Duration::from_secs(2)).await;
    load.now(When::After);
    tokio::time::sleep(plan.alone).await;
    let phases = load.stop().await?;
    Ok(SiegeReport {
        rate: plan.rate,
        before: phases.of(When::Before),
        besieged: phases.of(When::During),
        after: phases.of(When::After),
        attacks,
        rss_before: resident,
        rss_most: most,
        files_before: files,
        files_most: open,
    })
}
