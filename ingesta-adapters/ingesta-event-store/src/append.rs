//! What a command asks of the log, and what the log answers.
//!
//! One [`Append`] is one command: its events over one or several aggregates are stored all or
//! none. Every way it can end is a variant of [`AppendError`]; *unknown* is one of them.

use std::collections::HashSet;

use crate::{NewEvent, Position, StoreError, StreamId, done};

/// The events of one command. All of them are stored, or none.
#[derive(Clone, Debug)]
pub struct Append {
    /// At least one stream; a stream occurs once; each has at least one event.
    pub streams: Vec<StreamAppend>,
    /// The command's own id, where it must not take effect twice.
    pub command: Option<CommandStamp>,
}

impl Append {
    /// The longest command id, in characters.
    pub const COMMAND_ID_MAX: usize = 255;
    /// The most events that one command may have, over all its streams.
    pub const EVENTS_MAX: usize = 10_000;
    /// The longest aggregate id and type, in bytes each: they are keys of an index.
    pub const ID_BYTES_MAX: usize = 1_000;

    /// Remembers a command that had nothing to store, because what it asks for is done already.
    ///
    /// `streams` is what it found: each stream with its version, its own first. From then on the
    /// command's id counts like any other: this append, a repeat of it and
    /// [`EventStorage::command`](crate::EventStorage::command) all answer with these streams, and
    /// with the position of the last of these versions; the same id with another fingerprint is
    /// refused. The row stands in the log under [`StreamId::COMMANDS`] and is no event.
    #[must_use]
    pub fn already_done(
        command: CommandStamp,
        streams: &[(StreamId, u64)],
        metadata: String,
    ) -> Self {
        done::append(command, streams, metadata)
    }

    /// Text of its events, in bytes.
    pub(crate) fn text_bytes(&self) -> usize {
        let events = self.streams.iter().flat_map(|stream| &stream.events);
        events
            .map(|event| event.payload.len() + event.metadata.len())
            .sum()
    }

    /// The outcome's streams: the command's own first, the others in key order.
    pub(crate) fn versions(&self) -> Vec<(StreamId, u64)> {
        let mut versions: Vec<_> = self
            .streams
            .iter()
            .map(|s| (s.stream.clone(), s.new_version()))
            .collect();
        versions[1..].sort();
        versions
    }

    /// Refuses what no program may ask for; every store begins with this.
    pub(crate) fn check_shape(&self) -> Result<(), AppendError> {
        let refuse = |what| Err(AppendError::NotStored(StoreError::Unsupported { what }));
        if self.streams.is_empty() || self.streams.iter().any(|s| s.events.is_empty()) {
            return refuse("append no events");
        }
        let mut seen = HashSet::new();
        if self.streams.len() > 1 && !self.streams.iter().all(|s| seen.insert(&s.stream)) {
            return refuse("append twice to one stream in one command");
        }
        if self.streams.iter().map(|s| s.events.len()).sum::<usize>() > Self::EVENTS_MAX {
            return refuse("append more than 10,000 events in one command");
        }
        let id_length = self
            .command
            .as_ref()
            .map_or(1, |command| command.id.chars().count());
        if !(1..=Self::COMMAND_ID_MAX).contains(&id_length) {
            return refuse("remember a command id that is empty or longer than 255 characters");
        }
        if !done::is_shaped(self) {
            return refuse("append events of its own to the streams of remembered commands");
        }
        let names = || {
            let streams = self.streams.iter().map(|s| &s.stream);
            streams.flat_map(|s| [&*s.aggregate_type, &s.aggregate_id])
        };
        let command_id = self.command.as_ref().map(|command| command.id.as_str());
        // A command's id is a key as well, and has its own bound.
        let key = |name: &str| Some(name) != command_id;
        if names().any(|name| key(name) && name.len() > Self::ID_BYTES_MAX) {
            // What Postgres says of a key that its index cannot hold.
            return Err(AppendError::Rejected {
                sqlstate: "54000".to_owned(),
            });
        }
        if names().chain(command_id).any(|name| name.contains('\0')) {
            return Err(AppendError::Rejected {
                sqlstate: "22021".to_owned(),
            });
        }
        // Beyond every sequence that a store can hold there is nothing to build on.
        if self
            .streams
            .iter()
            .any(|s| i64::try_from(s.expected_version).is_err())
        {
            return Err(AppendError::Conflict);
        }
        Ok(())
    }
}

/// The events for one stream.
#[derive(Clone, Debug)]
pub struct StreamAppend {
    /// The stream.
    pub stream: StreamId,
    /// The version that the command was decided on: the sequence of the last event seen, 0 for none.
    pub expected_version: u64,
    /// In order; the first gets sequence `expected_version + 1`.
    pub events: Vec<NewEvent>,
}

impl StreamAppend {
    /// The stream's version once this is stored.
    #[must_use]
    pub fn new_version(&self) -> u64 {
        self.expected_version + self.events.len() as u64
    }
}

/// The identity of a command: the same id with the same fingerprint is the same command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandStamp {
    /// Unique in the store, for ever: 1 to 255 characters.
    pub id: String,
    /// A hash of what was asked; the same id with another fingerprint is refused.
    pub fingerprint: Vec<u8>,
}

/// What a stored command did. A repeat of the command is answered with the same value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandOutcome {
    /// Where in the log its last event is.
    pub position: Position,
    /// Each changed stream with its version after the command: the command's own first, then the
    /// others in key order.
    pub streams: Vec<(StreamId, u64)>,
}

/// Why an append did not answer with an outcome of its own.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Another command changed one of the streams first. Nothing was stored.
    /// *Handling*: load again and decide again, a bounded number of times.
    #[error("another command changed the stream first")]
    Conflict,
    /// This command was stored before; here is what it did then. Nothing new was stored.
    /// *Handling*: answer as the first time.
    #[error("the command was stored before")]
    Duplicate(CommandOutcome),
    /// The command id was used before for something else. Nothing was stored.
    /// *Handling*: refuse (HTTP 422).
    #[error("the command id was used before with another payload")]
    CommandIdReused,
    /// The database refused the data itself. Nothing was stored; a repeat would be refused again.
    #[error("the database refused the events: SQLSTATE {sqlstate}")]
    Rejected {
        /// The refusal's code.
        sqlstate: String,
    },
    /// The connection was lost after the statement was sent: it may have been stored, or not.
    /// *Handling*: repeat it with the same command id, or read the stream. Never call it failed.
    #[error("it is unknown whether the events were stored")]
    Unknown(#[source] StoreError),
    /// The statement was not executed. Nothing was stored.
    #[error("the events were not stored")]
    NotStored(#[source] StoreError),
}
