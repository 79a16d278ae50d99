//! `ingesta commands`: what is remembered of commands, and how it is forgotten.
//!
//! Promises: nothing is forgotten without `--yes`, nothing younger than a day at all; servers may
//! run meanwhile, and an interrupted purge is completed by the next one.
//! Does not: touch an event.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ingesta_event_store::{PostgresStorage, PurgePolicy, PurgeProgress, Purged};
use serde_json::json;

use super::args::{CommandsCommand, PurgeArgs};
use super::database::Opened;
use super::exit::{CliError, Exit};
use super::out::Out;
use super::subscriptions::confirmed;
use crate::config::Config;

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
/// A hundred years. Far beyond it the database has no such date.
const OLDEST: u64 = 36_500 * DAY;
const BAR: &str = "{bar:30} {percent:>3} %  {msg}  {eta} left";

pub(super) async fn run(
    config: &Config,
    command: &CommandsCommand,
    out: &Out,
) -> Result<Exit, CliError> {
    let CommandsCommand::Purge(args) = command;
    if !args.dry_run {
        confirmed(
            args.yes,
            "the same commands sent again will take effect again",
        )?;
    }
    let opened = Opened::existing(config).await?.checked().await?;
    let storage = PostgresStorage::new(opened.database.clone());
    let purged = purge(&storage, args, out).await;
    opened.close().await?;
    answer(&purged?, args.dry_run, out);
    Ok(Exit::Done)
}

async fn purge(storage: &PostgresStorage, args: &PurgeArgs, out: &Out) -> Result<Purged, CliError> {
    let policy = PurgePolicy::older_than(args.older_than);
    if args.dry_run {
        return Ok(storage.purgeable_commands(policy).await?);
    }
    let target = if out.is_json() {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    };
    let bar = ProgressBar::with_draw_target(None, target);
    bar.set_style(ProgressStyle::with_template(BAR).expect("a constant template"));
    let shown = |progress: PurgeProgress| {
        bar.set_length(progress.to_walk);
        bar.set_position(progress.walked);
        bar.set_message(format!("{} forgotten", progress.commands));
    };
    let purged = storage.purge_commands(policy, shown).await;
    bar.finish_and_clear();
    Ok(purged?)
}

fn answer(purged: &Purged, dry_run: bool, out: &Out) {
    let Purged {
        before,
        commands,
        done_already,
    } = *purged;
    out.json(&json!({
        "event": if dry_run { "purgeable" } else { "purged" },
        "before": before,
        "commands": commands,
        "done_already": done_already,
    }));
    let verb = if dry_run { "would be" } else { "were" };
    let before = before.format("%Y-%m-%dT%H:%M:%SZ");
    out.text(format_args!(
        "{commands} commands from before {before} {verb} forgotten, \
         {done_already} of them had stored nothing"
    ));
}

/// `90d` or `36h`, a day at least: a client may still be repeating what is younger. A hundred years
/// at most.
pub(super) fn age(text: &str) -> Result<Duration, String> {
    let expected = || "expected days or hours, as in 90d or 36h".to_owned();
    let (number, unit) = match text.char_indices().next_back() {
        Some((at, 'd')) => (&text[..at], DAY),
        Some((at, 'h')) => (&text[..at], HOUR),
        _ => return Err(expected()),
    };
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(expected());
    }
    // A number beyond all numbers is beyond the range too.
    let seconds = number
        .parse::<u64>()
        .unwrap_or(u64::MAX)
        .saturating_mul(unit);
    if seconds < DAY {
        return Err("at least a day: clients may still repeat what is younger".to_owned());
    }
    if seconds > OLDEST {
        let days = OLDEST / DAY;
        return Err(format!("between 1d and {days}d: no log is older"));
    }
    Ok(Duration::from_secs(seconds))
}
