//! `crisol`: kills an `ingesta` server, its PostgreSQL and its Kafka under load, and checks what is left.
//!
//! Exit code 0: nothing was lost, doubled, inverted or stuck, and enough was done to say so.
//! 1: something was, or the run could not be carried out. 2: the command line is wrong.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "its answers are for a terminal"
)]

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use crisol::broker_away::{AwayPlan, AwayReport, broker_away};
use crisol::plant::Mistake;
use crisol::run::{Plan, Report, run};
use crisol::siege::{SiegePlan, SiegeReport, siege};

/// The fault harness of Ingesta.
#[derive(Debug, Parser)]
#[command(name = "crisol", version, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Three kills of the server and three of PostgreSQL: at most 90 seconds
    Smoke(Options),
    /// Faults for as long as you like
    Run {
        /// How long
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1_440))]
        minutes: u64,
        #[command(flatten)]
        options: Options,
    },
    /// Clients that mean harm beside those that do not: what the first cost the second
    Siege {
        /// How long they are there
        #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u64).range(1..=3_600))]
        seconds: u64,
        /// Honest commands a second
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
        rate: u64,
        /// End with one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Kafka is killed under a steady load and comes back: commands, memory, what waits, what is told
    BrokerAway {
        /// How long it is away
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1_440))]
        minutes: u64,
        /// Commands a second
        #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=10_000))]
        rate: u64,
        /// End with one JSON object
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args, Debug)]
struct Options {
    /// Makes the same choices as an earlier run [default: a new one, which is printed]
    #[arg(long)]
    seed: Option<u64>,
    /// End with one JSON object
    #[arg(long)]
    json: bool,
    /// Make a mistake in the table before the check: the run must then fail
    #[arg(long)]
    plant: Option<Planted>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Planted {
    /// Delete an acknowledged event
    Lost,
    /// Let a command take effect twice
    Doubled,
}

#[tokio::main]
async fn main() -> ExitCode {
    match CommandLine::parse().command {
        Command::Smoke(options) => kills(options, None).await,
        Command::Run { minutes, options } => kills(options, Some(minutes)).await,
        Command::Siege {
            seconds,
            rate,
            json,
        } => {
            let besieged = Duration::from_secs(seconds);
            let alone = Duration::from_secs(20);
            let plan = SiegePlan {
                rate,
                alone,
                besieged,
            };
            under_siege(&plan, json).await
        }
        Command::BrokerAway {
            minutes,
            rate,
            json,
        } => absence(&AwayPlan::minutes(minutes, rate), json).await,
    }
}

fn say(line: String) {
    eprintln!("{line}");
}

/// A broker that is away.
async fn absence(plan: &AwayPlan, json: bool) -> ExitCode {
    let ended = uninterrupted(broker_away(plan, &say)).await;
    let told = |report: &AwayReport| (report.lines(), report.findings());
    finish(ended, json, told)
}

/// Clients that mean harm.
async fn under_siege(plan: &SiegePlan, json: bool) -> ExitCode {
    let ended = uninterrupted(siege(plan, &say)).await;
    let told = |report: &SiegeReport| (report.lines(), report.findings());
    finish(ended, json, told)
}

/// Dropping the run stops what it has started.
async fn uninterrupted<R>(run: impl Future<Output = anyhow::Result<R>>) -> anyhow::Result<R> {
    tokio::select! {
        ended = run => ended,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    }
}

/// Tells a report, its lines to people, and what must not have happened.
fn finish<R: serde::Serialize>(
    ended: anyhow::Result<R>,
    json: bool,
    told: impl Fn(&R) -> (Vec<String>, Vec<String>),
) -> ExitCode {
    let report = match ended {
        Ok(report) => report,
        Err(error) => {
            eprintln!("the run failed: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let (lines, findings) = told(&report);
    if json {
        let line = serde_json::to_string(&report).unwrap_or_else(|_| "{}".to_owned());
        println!("{line}");
    } else {
        lines.iter().for_each(|line| println!("{line}"));
    }
    findings.iter().for_each(|finding| eprintln!("{finding}"));
    if findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Kills of the server and of PostgreSQL.
async fn kills(options: Options, minutes: Option<u64>) -> ExitCode {
    let seed = options
        .seed
        .unwrap_or_else(|| uuid::Uuid::now_v7().as_u64_pair().1 >> 32);
    let mut plan = match minutes {
        None => Plan::smoke(seed),
        Some(minutes) => Plan::lasting(seed, Duration::from_secs(60 * minutes)),
    };
    plan.plant = options.plant.map(|planted| match planted {
        Planted::Lost => Mistake::Lost,
        Planted::Doubled => Mistake::Doubled,
    });
    eprintln!("seed {seed}");
    match uninterrupted(run(&plan, &say)).await {
        Ok(report) => tell(&report, options.json),
        Err(error) => {
            eprintln!("the run failed: {error:#} (seed {seed})");
            ExitCode::FAILURE
        }
    }
}

fn tell(report: &Report, json: bool) -> ExitCode {
    for finding in &report.findings {
        eprintln!("{finding}");
    }
    if let Some(shortfall) = report.shortfall() {
        eprintln!("too little was done: {shortfall}");
    }
    if json {
        println!(
            "{}",
            serde_json::to_string(report).unwrap_or_else(|_| "{}".to_owned())
        );
    } else {
        let r = report;
        println!(
            "{} operations: {} acknowledged, {} refused, {} unknown; {} hang-ups",
            r.operations, r.acked, r.rejected, r.unknown, r.hang_ups
        );
        println!(
            "{} kills ({} server, {} PostgreSQL), {} events, {} s",
            r.kills, r.kills_server, r.kills_postgres, r.events, r.seconds
        );
        println!(
            "lost {}, doubled {}, inverted {}, stuck {}",
            r.lost, r.doubled, r.inverted, r.stuck
        );
        println!(
            "planted {}, caught {}; seed {}",
            r.planted, r.caught, r.seed
        );
    }
    if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
