//! `ingesta aggregates`: the state of one aggregate, as it is or was.
//!
//! Promises: the state that a command would have been decided on then, or a refusal; asks, and
//! changes nothing.
//! Does not: hide personal data, for the state is what was asked for.

use cqrs_es::Aggregate;
use ingesta_domain::imagen::Imagen;
use ingesta_domain::ingesta::Ingesta;
use ingesta_event_store::{
    EventStorage, Loaded, PostgresStorage, RecordedEvent, SETTLE_WITHIN, StreamId, stream_as_of,
};
use serde_json::json;

use super::args::AggregatesCommand;
use super::database::Opened;
use super::exit::{CliError, Exit};
use super::moment::MomentArgs;
use super::out::Out;
use super::subscriptions::stream_named;
use crate::app::event_codec;
use crate::config::Config;
use crate::saga::SagaDeIngesta;

pub(super) async fn run(
    config: &Config,
    command: &AggregatesCommand,
    out: &Out,
) -> Result<Exit, CliError> {
    let AggregatesCommand::Show { stream, at } = command;
    let stream = stream_named(stream)?;
    let print = match stream.aggregate_type.as_ref() {
        Ingesta::TYPE => print::<Ingesta>,
        Imagen::TYPE => print::<Imagen>,
        SagaDeIngesta::TYPE => print::<SagaDeIngesta>,
        other => {
            let all = [Ingesta::TYPE, Imagen::TYPE, SagaDeIngesta::TYPE].join(", ");
            let text = format!("there is no aggregate {other}; there are: {all}");
            return Err(CliError::Usage(text));
        }
    };
    let opened = Opened::existing(config).await?.checked().await?;
    let storage = PostgresStorage::new(opened.database.clone());
    let found = events(&storage, &stream, *at).await;
    opened.close().await?;
    print(&stream, &found?, out)?;
    Ok(Exit::Done)
}

async fn events(
    storage: &PostgresStorage,
    stream: &StreamId,
    at: MomentArgs,
) -> Result<Vec<RecordedEvent>, CliError> {
    let no_stream = || CliError::Failed(format!("there is no stream {stream}"));
    let Some(moment) = at.moment() else {
        let events = storage.load(stream, 0).await?;
        return (!events.is_empty()).then_some(events).ok_or_else(no_stream);
    };
    let then = stream_as_of(storage, stream, moment, SETTLE_WITHIN).await?;
    match (then.events.is_empty(), then.version_now) {
        (true, 0) => Err(no_stream()),
        (true, _) => {
            let text = format!("{stream} did not exist yet at that moment");
            Err(CliError::Failed(text))
        }
        (false, _) => Ok(then.events),
    }
}

fn print<A: Aggregate>(
    stream: &StreamId,
    events: &[RecordedEvent],
    out: &Out,
) -> Result<(), CliError> {
    let unreadable = |error: &dyn std::fmt::Display| CliError::Failed(error.to_string());
    let loaded = Loaded::<A>::fold(&event_codec(), events).map_err(|e| unreadable(&e))?;
    let state = serde_json::to_value(&loaded.state)
        .map_err(|_| unreadable(&format_args!("the state of {stream} is no JSON")))?;
    let recorded_at = events.last().and_then(|event| event.recorded_at);
    out.json(&json!({
        "stream": stream.to_string(),
        "version": loaded.version,
        "position": loaded.position,
        "recorded_at": recorded_at,
        "state": state,
    }));
    let time = recorded_at.map_or("at an unknown time".to_owned(), |at| {
        at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
    });
    let (version, position) = (loaded.version, loaded.position);
    out.text(format_args!(
        "{stream}  version {version}  {position}  {time}"
    ));
    out.text(format_args!("{state:#}"));
    Ok(())
}
