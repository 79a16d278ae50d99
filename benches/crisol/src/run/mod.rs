//! One run: processes up, load on, faults, quiet, check, report.
//!
//! Promises: each fault strikes while commands are being acknowledged, and the next one only after
//! they are acknowledged again; the wait for quiet is bounded; what was started is stopped, also
//! when the run fails. The folder of a run is kept when something is wrong.

mod plan;
mod report;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::sync::watch;

pub use plan::{Fault, Plan};
pub use report::Report;

use crate::check::check;
use crate::history::{self, Recorder};
use crate::plant;
use crate::processes::{Launch, Postgres, Server, server_binary};
use crate::random::Random;
use crate::store::{self, Store};
use crate::workload::{Settings, Workload};

/// How long the system may take to acknowledge commands again after a fault.
const RECOVERY: Duration = Duration::from_secs(60);
/// How long everything that follows the log may take to arrive once the faults are over.
const QUIET: Duration = Duration::from_secs(60);

/// Carries out a plan. `say` is told what happens.
///
/// # Errors
/// When the run could not be carried out; what a run has found is in its report.
pub async fn run(plan: &Plan, say: &dyn Fn(String)) -> anyhow::Result<Report> {
    let began = Instant::now();
    let folder = std::env::temp_dir().join(format!("crisol-{}", uuid::Uuid::now_v7().simple()));
    std::fs::create_dir(&folder)?;
    let binary = tokio::task::spawn_blocking(server_binary).await??;
    let mut postgres = Postgres::start(&folder.join("postgres")).await?;
    let launch = Server::launch(&binary, postgres.url(), &folder.join("server.log"));
    let ended = Run {
        plan,
        say,
        folder: &folder,
        launch,
    }
    .carry_out(&mut postgres)
    .await;
    let stopped = postgres.finish().await;
    let mut report = ended.with_context(|| format!("see {}", folder.display()))?;
    stopped?;
    report.seconds = began.elapsed().as_secs();
    if report.is_clean() {
        std::fs::remove_dir_all(&folder)?;
    } else {
        say(format!("history and logs are kept in {}", folder.display()));
    }
    Ok(report)
}

struct Run<'a> {
    plan: &'a Plan,
    say: &'a dyn Fn(String),
    folder: &'a Path,
    launch: Launch,
}

impl Run<'_> {
    async fn carry_out(&self, postgres: &mut Postgres) -> anyhow::Result<Report> {
        let server = Server::start(&self.launch).await?;
        let (address, at) = watch::channel(server.url().to_owned());
        let recorder = Recorder::create(&self.history())?;
        let settings = Settings {
            seed: self.plan.seed,
            clients: self.plan.clients,
        };
        let mut workload = Workload::start(settings, recorder, at)?;
        let mut faults = Faults {
            server: Some(server),
            address,
            kills: [0, 0],
        };
        let mut acknowledged = workload.acknowledged();
        tokio::select! {
            struck = self.strike(&mut faults, postgres, &mut acknowledged) => struck?,
            error = workload.failed() => return Err(error.context("the workload broke off")),
        }
        let hang_ups = workload.hang_ups();
        workload.stop().await?;
        (self.say)("the faults are over, waiting for quiet".to_owned());
        let behind = self.quiet(postgres.url()).await?;
        let history = history::read(&self.history())?;
        if let Some(mistake) = self.plan.plant {
            let events = store::events(postgres.url()).await?;
            plant::tamper(mistake, postgres.url(), &history, &events).await?;
        }
        let mut server = faults.server.take().context("the server is gone")?;
        server.alive()?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        let view = store::view(&http, server.url()).await?;
        let store = Store {
            events: store::events(postgres.url()).await?,
            view,
            behind,
        };
        let findings = check(&history, &store);
        let (planted, caught) = plant::self_check(&history, &store);
        let mut report = Report::of(self.plan, &history, findings);
        report.self_check(planted, caught);
        report.events = store.events.len();
        report.hang_ups = hang_ups;
        [report.kills_server, report.kills_postgres] = faults.kills;
        report.kills = faults.kills.iter().sum();
        Ok(report)
    }

    /// Every fault of the plan, each under load.
    async fn strike(
        &self,
        faults: &mut Faults,
        postgres: &mut Postgres,
        acknowledged: &mut watch::Receiver<u64>,
    ) -> anyhow::Result<()> {
        // A lane of its own: the faults do not depend on how far the clients got.
        let mut random = Random::new(self.plan.seed, u64::MAX - 1);
        let began = Instant::now();
        let mut number = 0;
        while let Some(fault) = self.plan.fault(number, began.elapsed(), &mut random) {
            let (from, to) = self.plan.acknowledged_between;
            progress(acknowledged, random.between(from, to)).await?;
            number += 1;
            let struck = Instant::now();
            faults.strike(fault, &self.launch, postgres).await?;
            progress(acknowledged, 1).await?;
            let millis = struck.elapsed().as_millis();
            (self.say)(format!(
                "fault {number}: {}, {millis} ms to the next answer",
                fault.name()
            ));
        }
        progress(acknowledged, self.plan.acknowledged_between.0).await
    }

    /// Waits until everything has reached the end of the log, and tells what has not.
    async fn quiet(&self, database: &str) -> anyhow::Result<Vec<String>> {
        let deadline = Instant::now() + QUIET;
        loop {
            let behind = store::behind(database).await?;
            if behind.is_empty() || Instant::now() > deadline {
                return Ok(behind);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn history(&self) -> PathBuf {
        self.folder.join("history.ndjson")
    }
}

struct Faults {
    server: Option<Server>,
    address: watch::Sender<String>,
    kills: [u64; 2],
}

impl Faults {
    async fn strike(
        &mut self,
        fault: Fault,
        launch: &Launch,
        postgres: &mut Postgres,
    ) -> anyhow::Result<()> {
        match fault {
            Fault::KillServer => {
                self.server.take().context("the server is gone")?.kill()?;
                let server = Server::start(launch).await?;
                self.address.send_replace(server.url().to_owned());
                self.server = Some(server);
                self.kills[0] += 1;
            }
            Fault::KillPostgres => {
                postgres.kill_and_revive().await?;
                self.kills[1] += 1;
                self.server
                    .as_mut()
                    .context("the server is gone")?
                    .alive()?;
            }
        }
        Ok(())
    }
}

/// Waits until so many more operations were acknowledged.
async fn progress(acknowledged: &mut watch::Receiver<u64>, more: u64) -> anyhow::Result<()> {
    let goal = *acknowledged.borrow() + more;
    let reached = acknowledged.wait_for(|count| *count >= goal);
    match tokio::time::timeout(RECOVERY, reached).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(_)) => bail!("the workload has ended"),
        Err(_) => bail!("nothing was acknowledged for {} s", RECOVERY.as_secs()),
    }
}
