//! `ingesta dead-letters`: messages that were put aside, how they are looked at and dealt with.
//!
//! Promises: no key, value or header value of a message is shown; nothing is deleted without `--yes`.
//! Does not: need a database or a running server; the letters are on the broker.

mod list;

use ingesta_kafka::dead_letters::{DeadLetters, Which};
use serde_json::json;

use super::args::DeadLettersCommand;
use super::exit::{CliError, Exit};
use super::out::Out;
use super::subscriptions::confirmed;
use crate::app::Messaging;
use crate::config::Config;
use crate::operacion::apartados::topics_read;

pub(super) async fn run(
    config: &Config,
    command: DeadLettersCommand,
    out: &Out,
) -> Result<Exit, CliError> {
    match command {
        DeadLettersCommand::List { topic, limit } => {
            let messaging = messaging(config)?;
            let topics = match topic {
                Some(topic) => vec![topic],
                None => topics_read(messaging),
            };
            let letters = DeadLetters::new(&messaging.kafka)?;
            list::run(&letters, &topics, limit.get(), out).await
        }
        DeadLettersCommand::Replay { which } => {
            let which = named(&which)?;
            let letters = DeadLetters::new(&messaging(config)?.kafka)?;
            let replayed = letters.replay(&which).await?;
            answer(out, "replayed", &which, replayed)
        }
        DeadLettersCommand::Discard { which, yes } => {
            let which = named(&which)?;
            confirmed(yes, "the messages will be gone for ever")?;
            let letters = DeadLetters::new(&messaging(config)?.kafka)?;
            let discarded = letters.discard(&which).await?;
            answer(out, "discarded", &which, discarded)
        }
    }
}

fn messaging(config: &Config) -> Result<&Messaging, CliError> {
    let without = "no broker: set KAFKA_BROKERS, or kafka_brokers in the file";
    let messaging = config.messaging.as_ref();
    messaging.ok_or_else(|| CliError::Usage(without.to_owned()))
}

/// A letter by its name, else a topic.
fn named(text: &str) -> Result<Which, CliError> {
    if !text.contains('/') {
        return Ok(Which::Topic(text.to_owned()));
    }
    let name = text
        .parse()
        .map_err(|error: ingesta_kafka::dead_letters::NoSuchName| {
            CliError::Usage(error.to_string())
        })?;
    Ok(Which::One(name))
}

fn answer(out: &Out, done: &str, which: &Which, count: u64) -> Result<Exit, CliError> {
    let shown = match which {
        Which::One(id) => id.to_string(),
        Which::Topic(topic) => topic.clone(),
    };
    if count == 0 && matches!(which, Which::One(_)) {
        let missing =
            format!("there is no dead letter {shown}: it may have been dealt with before");
        return Err(CliError::Failed(missing));
    }
    out.json(&json!({ done: count, "of": shown }));
    out.text(format_args!("{done} {count} of {shown}"));
    Ok(Exit::Done)
}
