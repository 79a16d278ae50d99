//! `ingesta events`: the log and its streams, as they are stored.
//!
//! Promises: positions printed here are the tokens that `--from` and the HTTP door take; payloads,
//! which are personal, only with `--payload`.
//! Does not: decode anything, so it also shows what no reader understands.

mod line;
mod tail;

use ingesta_event_store::{EventStorage, PostgresStorage};

use super::args::EventsCommand;
use super::database::Opened;
use super::exit::{CliError, Exit};
use super::out::Out;
use super::subscriptions::stream_named;
use crate::config::Config;

pub(super) async fn run(
    config: &Config,
    command: EventsCommand,
    out: &Out,
) -> Result<Exit, CliError> {
    match command {
        EventsCommand::Tail(args) => tail::run(config, &args, out).await,
        EventsCommand::Show { stream, payload } => {
            let named = stream_named(&stream)?;
            let opened = Opened::existing(config).await?.checked().await?;
            let storage = PostgresStorage::new(opened.database.clone());
            let events = storage.load(&named, 0).await?;
            opened.close().await?;
            if events.is_empty() {
                return Err(CliError::Failed(format!("there is no stream {named}")));
            }
            for event in &events {
                line::print(event, payload.payload, out);
            }
            Ok(Exit::Done)
        }
    }
}
