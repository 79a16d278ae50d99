//! The fold of one batch, without any I/O: events and current rows in, changed rows out.
//!
//! The same code feeds the table and the memory. It reads each touched row once and writes it
//! once, however many of the batch's events touch it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ingesta_event_store::RecordedEvent;
use ingesta_event_store::subscription::ConsumeError;

use crate::live_row::{LiveRow, Taken};
use crate::row::StoredRow;
use crate::{Projection, ProjectionError, RowError, TableName};

/// Code and message where the row that an event leaves behind cannot be stored.
pub(crate) const UNSERIALIZABLE: (&str, &str) = (
    "unserializable",
    "the row cannot be written as JSON after this event",
);

/// A batch with the rows that each of its events touches.
pub(crate) struct Touched<'a> {
    events: Vec<(&'a RecordedEvent, BTreeSet<String>)>,
}

/// The rows to write, in key order; `None`: the row goes.
pub(crate) type Changes = Vec<(String, Option<StoredRow>)>;

impl<'a> Touched<'a> {
    /// Asks the projection for the keys of every event.
    pub(crate) fn of<P: Projection>(
        projection: &P,
        batch: &'a [RecordedEvent],
    ) -> Result<Self, ConsumeError> {
        let mut events = Vec::with_capacity(batch.len());
        for (index, event) in batch.iter().enumerate() {
            let keys = projection
                .keys(event)
                .and_then(valid)
                .map_err(|error| error.at(index))?;
            events.push((event, keys));
        }
        Ok(Self { events })
    }

    /// Every key of the batch, once.
    pub(crate) fn keys(&self) -> Vec<String> {
        let keys: BTreeSet<&String> = self.events.iter().flat_map(|(_, keys)| keys).collect();
        keys.into_iter().cloned().collect()
    }

    /// What touches the one row `key`.
    pub(crate) fn only(mut self, key: &str) -> Self {
        for (_, keys) in &mut self.events {
            keys.retain(|touched| touched == key);
        }
        self
    }

    /// Folds the batch, in order, onto the rows as they are stored now.
    pub(crate) fn fold<P: Projection>(
        self,
        projection: &P,
        stored: &HashMap<String, StoredRow>,
    ) -> Result<Changes, ConsumeError> {
        let mut rows = BTreeMap::new();
        for (index, (event, keys)) in self.events.into_iter().enumerate() {
            for key in keys {
                if !rows.contains_key(&key) {
                    let row = Working::<P::State>::begin(stored.get(&key), projection.table());
                    // No event is to blame: the runner is stuck, says on what, and asks again.
                    let row = row.map_err(|e| ConsumeError::obstacle(e.to_string()))?;
                    rows.insert(key.clone(), row);
                }
                if let Some(row) = rows.get_mut(&key) {
                    row.take(projection, &key, event, index)
                        .map_err(|e| e.at(index))?;
                }
            }
        }
        rows.into_iter()
            .filter_map(|(key, row)| row.end(key))
            .collect()
    }
}

/// True if a row can be stored under the key.
pub(crate) fn fits(key: &str) -> bool {
    key.len() <= TableName::KEY_BYTES_MAX && !key.contains('\0')
}

/// One unstorable key would make the whole batch fail for ever, so it is refused by itself.
pub(crate) fn valid(keys: Vec<String>) -> Result<BTreeSet<String>, ProjectionError> {
    if keys.iter().all(|key| fits(key)) {
        return Ok(keys.into_iter().collect());
    }
    let message = "the projection names a row by a key that is too long or holds NUL";
    Err(ProjectionError::refused("key_invalid", message))
}

/// A row while the batch is folded.
struct Working<S> {
    row: LiveRow<S>,
    /// The last event that changed it; none: there is nothing to write.
    last: Option<usize>,
}

impl<S: serde::Serialize + serde::de::DeserializeOwned + Default> Working<S> {
    /// A row that this program cannot read stops the projection and parks nothing: it says that
    /// the program is wrong, not that one event is.
    fn begin(stored: Option<&StoredRow>, table: &TableName) -> Result<Self, RowError> {
        let row = match stored {
            Some(row) => LiveRow {
                state: row.state(table)?,
                version: row.version,
                there: true,
            },
            None => LiveRow::absent(),
        };
        Ok(Self { row, last: None })
    }

    fn take<P: Projection<State = S>>(
        &mut self,
        projection: &P,
        key: &str,
        event: &RecordedEvent,
        index: usize,
    ) -> Result<(), ProjectionError> {
        match self.row.take(projection, key, event)? {
            Taken::Nothing => {}
            Taken::Moved => {
                self.last.get_or_insert(index);
            }
            Taken::Changed => self.last = Some(index),
        }
        Ok(())
    }

    fn end(self, key: String) -> Option<Result<(String, Option<StoredRow>), ConsumeError>> {
        let index = self.last?;
        if !self.row.there {
            return Some(Ok((key, None)));
        }
        let version = self.row.version;
        let row = serde_json::to_string(&self.row.state)
            .map(|payload| (key, Some(StoredRow { version, payload })))
            .map_err(|_| ConsumeError::event(index, UNSERIALIZABLE.0, UNSERIALIZABLE.1));
        Some(row)
    }
}
