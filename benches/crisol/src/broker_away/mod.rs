//! A broker that is away under load: killed, not there for a while, and back.
//!
//! Promises: commands come at a stated rate whatever the server does, and their times count from when
//! they were due; at the end every event of the log is looked for on its topic. It judges what must
//! not happen (a command that failed, an event that is missing, memory that grew), and no time.
//! Does not: write a history as [`crate::run`] does; here nothing is killed that commands need.

mod report;
mod told;
mod watch;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use ingesta_testing::services::OwnedBroker;

pub use report::{AwayReport, GROWTH_MAX, Phase, Sample};

use self::watch::Watch;
use crate::load::{Load, When};
use crate::processes::{Postgres, Server, server_binary};
use crate::store;

/// What is done.
#[derive(Clone, Debug)]
pub struct AwayPlan {
    /// Commands a second.
    pub rate: u64,
    /// How long the load goes on before the broker is killed; long enough to fill what the server
    /// keeps in memory anyway.
    pub before: Duration,
    /// How long it is away.
    pub away: Duration,
    /// How long the load goes on after everything has been published.
    pub after: Duration,
}

impl AwayPlan {
    /// Away for so many minutes, at so many commands a second.
    #[must_use]
    pub fn minutes(minutes: u64, rate: u64) -> Self {
        Self {
            rate,
            before: Duration::from_secs(60),
            away: Duration::from_secs(60 * minutes),
            after: Duration::from_secs(30),
        }
    }
}

/// How long what waited may take to be published, and everything to be quiet at the end.
const PATIENCE: Duration = Duration::from_secs(600);

/// Carries it out. `say` is told what happens.
///
/// # Errors
/// When it could not be carried out; what it has found is in its report.
pub async fn broker_away(plan: &AwayPlan, say: &dyn Fn(String)) -> anyhow::Result<AwayReport> {
    let broker = OwnedBroker::start().await?;
    away_from(plan, &broker, say).await
}

/// The same, with this broker, which nobody else uses.
///
/// # Errors
/// As [`broker_away`].
pub async fn away_from(
    plan: &AwayPlan,
    broker: &OwnedBroker,
    say: &dyn Fn(String),
) -> anyhow::Result<AwayReport> {
    let folder = std::env::temp_dir().join(format!("crisol-{}", uuid::Uuid::now_v7().simple()));
    std::fs::create_dir(&folder)?;
    let binary = tokio::task::spawn_blocking(server_binary).await??;
    let postgres = Postgres::start(&folder.join("postgres")).await?;
    let log = folder.join("server.log");
    let launch = Server::launch(&binary, postgres.url(), &log).beside(broker.address());
    let ended = async {
        let server = Server::start(&launch).await?;
        carry_out(plan, broker, &server, postgres.url(), say).await
    };
    let ended = ended.await;
    let stopped = postgres.finish().await;
    let report = ended.with_context(|| format!("see {}", folder.display()))?;
    stopped?;
    if report.is_clean() {
        std::fs::remove_dir_all(&folder)?;
    } else {
        say(format!(
            "the server's log is kept in {}",
            Path::new(&log).display()
        ));
    }
    Ok(report)
}

async fn carry_out(
    plan: &AwayPlan,
    broker: &OwnedBroker,
    server: &Server,
    database: &str,
    say: &dyn Fn(String),
) -> anyhow::Result<AwayReport> {
    let mut watch = Watch::over(server, database).await?;
    watch.topics_ready().await?;
    let mut load = Load::start(server.url(), plan.rate)?;
    watch.during(plan.before).await?;
    let at_kill = watch.resident()?;
    load.now(When::During);
    broker.kill().await?;
    say(format!(
        "the broker is killed, the server has {} MiB",
        at_kill >> 20
    ));

    let (first_half, second_half) = (plan.away / 2, plan.away - plan.away / 2);
    let early = watch.during(first_half).await?;
    let late = watch.during(second_half).await?;
    let (backlog, published) = (watch.backlog().await?, watch.published().await?);
    say(format!(
        "{backlog} messages wait, the server has {} MiB",
        late >> 20
    ));
    broker.start_again().await?;
    load.now(When::Draining);
    let back = Instant::now();
    let draining = watch.until_behind(plan.rate, PATIENCE).await?;
    let (drained_in, drained) = (back.elapsed(), watch.published().await? - published);
    say(format!(
        "{drained} messages were published in {:.1} s",
        drained_in.as_secs_f64()
    ));
    load.now(When::After);
    let after = watch.during(plan.after).await?;

    let phases = load.stop().await?;
    quiet(database).await?;
    let lag = watch.backlog().await?;
    let events = store::events(database).await?;
    let told = told::compare(broker.address(), &events, say).await?;
    Ok(AwayReport {
        rate: plan.rate,
        before: phases.of(When::Before),
        away: phases.of(When::During),
        draining: phases.of(When::Draining),
        after: phases.of(When::After),
        rss_at_kill: at_kill,
        rss_away_early: early,
        rss_away_late: late,
        rss_max: draining.max(after).max(early).max(late),
        samples: watch.samples(),
        backlog,
        drained,
        drained_in_seconds: drained_in.as_secs_f64(),
        lag_at_end: lag,
        events: told.events,
        missing: told.missing,
        inverted: told.inverted,
        repeated: told.repeated,
    })
}

/// Waits until nothing that follows the log is behind, reactions included: then no event comes any
/// more, and what waits still waits for ever.
async fn quiet(database: &str) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let behind = store::behind(database).await?;
        if behind.is_empty() {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!(
                "behind after {} s: {}",
                PATIENCE.as_secs(),
                behind.join(", ")
            );
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
