//! What is remembered of a command that had nothing to store: one row of bookkeeping.
//!
//! It is appended like any event, under the command's own stamp, so the same unique index decides
//! between it and whatever else claims the id. It names what the command found, by stream and
//! version; the position is looked up when it is asked for, because a rebase renumbers the log.
//! Followers are not shown it: see [`StreamId::COMMANDS`].

use serde::{Deserialize, Serialize};

use crate::{Append, CommandStamp, NewEvent, StoreError, StreamAppend, StreamId};

const EVENT_TYPE: &str = "CommandDone";
const EVENT_VERSION: &str = "1";

/// The payload, written like any event's.
#[derive(Serialize, Deserialize)]
enum Record {
    CommandDone { streams: Vec<Found> },
}

#[derive(Serialize, Deserialize)]
struct Found {
    aggregate_type: String,
    aggregate_id: String,
    version: u64,
}

/// The append that remembers `command`.
pub(crate) fn append(
    command: CommandStamp,
    streams: &[(StreamId, u64)],
    metadata: String,
) -> Append {
    let found = |(stream, version): &(StreamId, u64)| Found {
        aggregate_type: stream.aggregate_type.to_string(),
        aggregate_id: stream.aggregate_id.clone(),
        version: *version,
    };
    let record = Record::CommandDone {
        streams: streams.iter().map(found).collect(),
    };
    let event = NewEvent {
        event_type: EVENT_TYPE.to_owned(),
        event_version: EVENT_VERSION.to_owned(),
        payload: serde_json::to_string(&record).expect("texts and numbers are JSON"),
        metadata,
    };
    Append {
        streams: vec![StreamAppend {
            stream: StreamId::new(StreamId::COMMANDS, command.id.clone()),
            expected_version: 0,
            events: vec![event],
        }],
        command: Some(command),
    }
}

/// True if this may stand in the streams of bookkeeping: nobody's aggregate lives there.
pub(crate) fn is_shaped(append: &Append) -> bool {
    let ours = |part: &StreamAppend| part.stream.aggregate_type == StreamId::COMMANDS;
    if !append.streams.iter().any(ours) {
        return true;
    }
    let [part] = append.streams.as_slice() else {
        return false;
    };
    let [event] = part.events.as_slice() else {
        return false;
    };
    let named = append.command.as_ref().map(|command| command.id.as_str());
    named == Some(part.stream.aggregate_id.as_str())
        && event.event_type == EVENT_TYPE
        && streams(&event.payload).is_ok()
}

/// What a command found whose bookkeeping this is; `None` for every other append.
pub(crate) fn found(append: &Append) -> Option<Vec<(StreamId, u64)>> {
    let part = append.streams.first()?;
    let ours = part.stream.aggregate_type == StreamId::COMMANDS;
    ours.then(|| streams(&part.events.first()?.payload).ok())?
}

/// What the remembered command found: each stream with its version then.
pub(crate) fn streams(payload: &str) -> Result<Vec<(StreamId, u64)>, StoreError> {
    let record = serde_json::from_str(payload).map_err(|error| StoreError::Refused {
        attempted: "reading what is remembered of a command",
        // The error itself may quote what it has read.
        cause: format!("{:?} in line {}", error.classify(), error.line()).into(),
    })?;
    let Record::CommandDone { streams } = record;
    let found = |found: Found| {
        let stream = StreamId::new(found.aggregate_type, found.aggregate_id);
        (stream, found.version)
    };
    Ok(streams.into_iter().map(found).collect())
}
