//! `ingesta subscriptions`: what follows the log, how it stands, and how a person mends it.
//!
//! Promises: nothing irreversible without `--yes`; nothing personal is shown.
//! Does not: stop or start a subscription; servers do that by their leases.

mod list;

use ingesta_event_store::{PostgresStorage, StreamId, SubscriptionStorage};
use serde_json::json;

use super::args::{ParkedArgs, SubscriptionsCommand};
use super::database::Opened;
use super::exit::{CliError, Exit};
use super::out::Out;
use crate::config::Config;

pub(super) async fn run(
    config: &Config,
    command: SubscriptionsCommand,
    out: &Out,
) -> Result<Exit, CliError> {
    match command {
        SubscriptionsCommand::List => list::run(config, out).await,
        SubscriptionsCommand::Resume(parked) => {
            let stream = stream_named(&parked.stream)?;
            let opened = Opened::existing(config).await?.checked().await?;
            let storage = PostgresStorage::new(opened.database.clone());
            storage.resume(&parked.name, &stream).await?;
            answer(out, "resumed", &parked);
            opened.close().await?;
            Ok(Exit::Done)
        }
        SubscriptionsCommand::Skip { parked, yes } => {
            let stream = stream_named(&parked.stream)?;
            confirmed(
                yes,
                "the event will never be processed by this subscription",
            )?;
            let opened = Opened::existing(config).await?.checked().await?;
            let storage = PostgresStorage::new(opened.database.clone());
            // The event that it failed on now: if it moves on meanwhile, nothing is skipped.
            let rows = storage.parked(&parked.name).await?;
            let row = rows.into_iter().find(|row| row.stream == stream);
            let sequence = row.map_or(0, |row| row.sequence);
            storage.skip(&parked.name, &stream, sequence).await?;
            answer(out, "skipped", &parked);
            opened.close().await?;
            Ok(Exit::Done)
        }
        SubscriptionsCommand::Rebase { yes } => rebase(config, yes, out).await,
    }
}

async fn rebase(config: &Config, yes: bool, out: &Out) -> Result<Exit, CliError> {
    confirmed(
        yes,
        "stop every server first, and be sure that the restored data is right",
    )?;
    let opened = Opened::existing_or_own(config, out).await?;
    let rebased = opened.database.rebase().await;
    opened.close().await?;
    let rebased = rebased?;
    let (events, subscriptions) = (rebased.events, rebased.subscriptions);
    out.json(&json!({ "events": events, "subscriptions": subscriptions }));
    out.text(format_args!(
        "{events} events and {subscriptions} subscriptions rebased"
    ));
    Ok(Exit::Done)
}

/// `TYPE/ID`, as lists print it.
pub(super) fn stream_named(text: &str) -> Result<StreamId, CliError> {
    match text.split_once('/') {
        Some((kind, id)) if !kind.is_empty() && !id.is_empty() => {
            Ok(StreamId::new(kind.to_owned(), id))
        }
        _ => Err(CliError::Usage(
            "a stream is written TYPE/ID, as in Ingesta/0198...".to_owned(),
        )),
    }
}

/// Refuses what cannot be undone unless somebody has said yes to it.
pub(super) fn confirmed(yes: bool, what: &str) -> Result<(), CliError> {
    if yes {
        Ok(())
    } else {
        Err(CliError::Usage(format!("{what}; say so with --yes")))
    }
}

fn answer(out: &Out, done: &str, parked: &ParkedArgs) {
    out.json(&json!({ done: parked.stream, "subscription": parked.name }));
    out.text(format_args!("{done} {} in {}", parked.stream, parked.name));
}
