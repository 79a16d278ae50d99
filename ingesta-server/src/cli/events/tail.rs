//! `ingesta events tail`: the log in its order, to its end or on and on.
//!
//! Promises: what is shown is never followed by something that belongs before it; memory holds one
//! page, or `--limit` events where the end of the log is sought.
//! Does not: wait for writers that hold readers up; it says so, and `subscriptions list` says who.

use std::collections::VecDeque;
use std::time::Duration;

use ingesta_event_store::{EventStorage, Position, PostgresStorage, RecordedEvent, TypeFilter};

use super::line;
use crate::cli::args::TailArgs;
use crate::cli::database::Opened;
use crate::cli::exit::{CliError, Exit};
use crate::cli::out::Out;
use crate::cli::signals::StopSignals;
use crate::config::Config;

const PAGE: usize = 500;
const LAST: usize = 20;
/// How often to look for more. The log of another process announces nothing.
const PAUSE: Duration = Duration::from_millis(300);

pub(super) async fn run(config: &Config, args: &TailArgs, out: &Out) -> Result<Exit, CliError> {
    let from = beginning(args)?;
    let opened = Opened::existing(config).await?.checked().await?;
    let storage = PostgresStorage::new(opened.database.clone());
    let shown = match from {
        Some(from) => show_from(&storage, from, args, out).await,
        None if args.follow => {
            let head = storage.head().await?;
            show_from(&storage, head, args, out).await
        }
        None => show_last(&storage, args, out).await,
    };
    if let Ok(Some(end)) = shown {
        tell_held_back(&storage, end, out).await?;
    }
    opened.close().await?;
    shown.map(|_| Exit::Done)
}

fn beginning(args: &TailArgs) -> Result<Option<Position>, CliError> {
    match args.from.as_deref() {
        None => Ok(None),
        Some("start") => Ok(Some(Position::START)),
        Some(token) => token.parse().map(Some).map_err(|_| {
            CliError::Usage("--from: expected `start` or a position as printed".to_owned())
        }),
    }
}

fn wanted(event: &RecordedEvent, args: &TailArgs) -> bool {
    let admits = |kind: &String| *kind == event.stream.aggregate_type || *kind == event.event_type;
    args.wanted.is_empty() || args.wanted.iter().any(admits)
}

/// Answers with the end of the log, where it came to that.
async fn show_from(
    storage: &PostgresStorage,
    from: Position,
    args: &TailArgs,
    out: &Out,
) -> Result<Option<Position>, CliError> {
    let mut signals = StopSignals::new()?;
    let mut left = args.limit.unwrap_or(usize::MAX);
    let mut after = from;
    loop {
        let page = storage.read_after(after, &TypeFilter::All, PAGE).await?;
        after = page.reached;
        for event in page.events.iter().filter(|event| wanted(event, args)) {
            if left == 0 {
                return Ok(None);
            }
            line::print(event, args.payload.payload, out);
            left -= 1;
        }
        if left == 0 || out.is_closed() {
            return Ok(None);
        }
        if !page.more && !args.follow {
            return Ok(Some(after));
        }
        if !page.more {
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = signals.next() => return Ok(None),
            }
        }
    }
}

async fn show_last(
    storage: &PostgresStorage,
    args: &TailArgs,
    out: &Out,
) -> Result<Option<Position>, CliError> {
    let limit = args.limit.unwrap_or(LAST);
    let mut last = VecDeque::new();
    let mut after = Position::START;
    loop {
        let page = storage.read_after(after, &TypeFilter::All, PAGE).await?;
        after = page.reached;
        for event in page.events.into_iter().filter(|event| wanted(event, args)) {
            last.push_back(event);
            if last.len() > limit {
                last.pop_front();
            }
        }
        if !page.more {
            break;
        }
    }
    last.iter()
        .for_each(|event| line::print(event, args.payload.payload, out));
    Ok(Some(after))
}

/// What is stored and may not be shown yet is at least spoken of.
async fn tell_held_back(
    storage: &PostgresStorage,
    end: Position,
    out: &Out,
) -> Result<(), CliError> {
    let held_back = storage.lag(end).await?.held_back;
    if held_back > 0 {
        out.note(format_args!(
            "{held_back} newer events wait for an open transaction: `ingesta subscriptions list`"
        ));
    }
    Ok(())
}
