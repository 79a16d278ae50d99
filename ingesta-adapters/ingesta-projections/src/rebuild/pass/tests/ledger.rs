//! A projection for tests that can do everything that one may do, good and bad, as the payload
//! says; and the live fold of it, event by event.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ingesta_event_store::subscription::ConsumeError;
use ingesta_event_store::{Position, RecordedEvent, StreamId, TypeFilter};
use serde::{Deserialize, Serialize, Serializer};

use super::log::Stored;
use super::{Parked, Table};
use crate::fold::Touched;
use crate::row::StoredRow;
use crate::{Change, Projection, ProjectionError, Reads, TableName, Versioning};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Entry {
    events: u64,
    sum: i64,
    #[serde(serialize_with = "never_true")]
    broken: bool,
    text: String,
    actors: Vec<String>,
}

fn never_true<S: Serializer>(broken: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    if *broken {
        return Err(serde::ser::Error::custom("a row that cannot be written"));
    }
    serializer.serialize_bool(false)
}

/// What a payload says.
#[derive(Serialize, Deserialize)]
pub(super) struct Said {
    pub(super) what: String,
    pub(super) keys: Vec<String>,
    pub(super) amount: i64,
}

pub(super) struct Ledger {
    pub(super) name: &'static str,
    pub(super) table: TableName,
    pub(super) types: TypeFilter,
    pub(super) keyed: bool,
    pub(super) versioning: Versioning,
    pub(super) reads: Reads,
}

fn said(event: &RecordedEvent) -> Result<Said, ProjectionError> {
    serde_json::from_str(&event.payload)
        .map_err(|_| ProjectionError::refused("undecodable", "not a payload of the test"))
}

impl Projection for Ledger {
    type State = Entry;

    fn name(&self) -> &str {
        self.name
    }

    fn table(&self) -> &TableName {
        &self.table
    }

    fn types(&self) -> TypeFilter {
        self.types.clone()
    }

    fn keys(&self, event: &RecordedEvent) -> Result<Vec<String>, ProjectionError> {
        if self.keyed {
            return Ok(vec![event.stream.aggregate_id.clone()]);
        }
        let said = said(event)?;
        assert!(said.what != "panic in keys");
        Ok(said.keys)
    }

    fn apply(
        &self,
        key: &str,
        entry: &mut Entry,
        event: &RecordedEvent,
    ) -> Result<Change, ProjectionError> {
        let said = said(event)?;
        if said.what == "nothing" {
            return Ok(Change::Nothing);
        }
        entry.events += 1;
        entry.sum += said.amount;
        if self.reads.metadata() {
            entry.actors.push(event.metadata.clone());
        }
        // After the state was changed, so that a half-changed one would show.
        match said.what.as_str() {
            "refuse" => Err(ProjectionError::refused("refused", "as the test says")),
            "panic" => panic!("as the test says"),
            "refuse the last" if said.keys.iter().max().is_some_and(|last| last == key) => {
                Err(ProjectionError::refused("refused", "on the last row only"))
            }
            "refuse the third" if entry.events.is_multiple_of(3) => {
                Err(ProjectionError::refused("third", "it depends on the row"))
            }
            "remove" => Ok(Change::Remove),
            "break" => {
                entry.broken = true;
                Ok(Change::Keep)
            }
            "grow" => {
                entry.text.push_str(&"x".repeat(300));
                Ok(Change::Keep)
            }
            _ => Ok(Change::Keep),
        }
    }

    fn versioning(&self) -> Versioning {
        self.versioning
    }

    fn reads(&self) -> Reads {
        self.reads
    }

    fn keyed_by_aggregate(&self) -> bool {
        self.keyed
    }
}

/// The live fold: one event after the other, a stream that fails waits for ever.
pub(super) fn live(projection: &Ledger, events: &[Stored]) -> (Table, Parked) {
    let mut rows: HashMap<String, StoredRow> = HashMap::new();
    let mut parked = Parked::new();
    for event in events {
        let event = recorded(event);
        if !projection.types.admits(&event.stream.aggregate_type)
            || parked.contains_key(&event.stream)
        {
            continue;
        }
        let batch = [event.clone()];
        let folded = catch_unwind(AssertUnwindSafe(|| {
            Touched::of(projection, &batch)?.fold(projection, &rows)
        }));
        let code = match folded {
            Ok(Ok(changes)) => {
                for (key, row) in changes {
                    match row {
                        Some(row) => rows.insert(key, row),
                        None => rows.remove(&key),
                    };
                }
                continue;
            }
            Ok(Err(ConsumeError::Event { reason, .. })) => reason.code,
            Ok(Err(ConsumeError::Transient(cause))) => panic!("{cause}"),
            Err(_) => "panicked".to_owned(),
        };
        parked.insert(event.stream, (event.sequence, code));
    }
    let table = rows
        .into_iter()
        .map(|(key, row)| (key, (row.version, row.payload)));
    (table.collect(), parked)
}

fn recorded(event: &Stored) -> RecordedEvent {
    RecordedEvent {
        position: Position::START,
        stream: StreamId::new(event.aggregate_type.clone(), event.aggregate_id.clone()),
        sequence: u64::try_from(event.sequence).unwrap(),
        event_type: "Happened".to_owned(),
        event_version: "1".to_owned(),
        payload: event.payload.clone(),
        metadata: serde_json::json!({"actor": event.aggregate_id})
            .to_string()
            .replace("\":", "\" : "),
        recorded_at: None,
    }
}
