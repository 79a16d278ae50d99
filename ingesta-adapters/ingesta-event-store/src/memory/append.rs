//! The rules of an append: what is stored, and why something is refused.
//!
//! Everything is checked before anything is stored, so an append is all or none also over several
//! streams. The refusals, and which of them goes first, are those of the Postgres store.

use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;

use super::log::Log;
use crate::done;
use crate::{Append, AppendError, CommandOutcome, NewEvent, Position, RecordedEvent, StreamAppend};

/// Stores the events of one command, or says why not.
pub(super) fn append(
    log: &mut Log,
    append: Append,
    now: DateTime<Utc>,
) -> Result<CommandOutcome, AppendError> {
    append.check_shape()?;
    if let Some(stamp) = &append.command
        && let Some((first, outcome)) = log.commands.get(&stamp.id)
    {
        return Err(if first.fingerprint == stamp.fingerprint {
            AppendError::Duplicate(outcome.clone())
        } else {
            AppendError::CommandIdReused
        });
    }
    // An expected version beyond the end would leave a gap; one before it was decided on the past.
    if append
        .streams
        .iter()
        .any(|s| log.version(&s.stream) != s.expected_version)
    {
        return Err(AppendError::Conflict);
    }
    for event in append.streams.iter().flat_map(|s| &s.events) {
        check_text(event)?;
    }

    let found = found(log, &append);

    log.commits += 1;
    let streams = append.versions();
    for stream in append.streams {
        store(log, stream, now);
    }
    let outcome = found.unwrap_or(CommandOutcome {
        position: log.head(),
        streams,
    });
    if let Some(stamp) = append.command {
        log.commands
            .insert(stamp.id.clone(), (stamp, outcome.clone()));
    }
    Ok(outcome)
}

/// What a command is answered with that had nothing to store: what it found.
fn found(log: &Log, append: &Append) -> Option<CommandOutcome> {
    let streams = done::found(append)?;
    let places = streams
        .iter()
        .filter_map(|(s, version)| log.place(s, *version));
    let position = places.max().unwrap_or(Position::START);
    Some(CommandOutcome { position, streams })
}

fn store(log: &mut Log, append: StreamAppend, now: DateTime<Utc>) {
    let indices = log.streams.entry(append.stream.clone()).or_default();
    for (sequence, event) in (append.expected_version + 1..).zip(append.events) {
        indices.push(log.events.len());
        let identity = i64::try_from(log.events.len()).expect("a Vec holds less than i64::MAX") + 1;
        log.events.push(RecordedEvent {
            position: Position::new(log.commits, identity),
            stream: append.stream.clone(),
            sequence,
            event_type: event.event_type,
            event_version: event.event_version,
            payload: event.payload,
            metadata: event.metadata,
            recorded_at: Some(now),
        });
    }
}

/// Payload and metadata must be JSON: Postgres refuses anything else with this code.
fn check_text(event: &NewEvent) -> Result<(), AppendError> {
    let is_json = |text: &str| serde_json::from_str::<IgnoredAny>(text).is_ok();
    if is_json(&event.payload) && is_json(&event.metadata) {
        Ok(())
    } else {
        Err(AppendError::Rejected {
            sqlstate: "22P02".to_owned(),
        })
    }
}
