//! A row on its way through the log, and what of the log its view does not hold.
//!
//! It folds what it is given, in that order, and answers with the first event that cannot be folded.
//! It reads no events and stores nothing.

use std::collections::HashMap;

use ingesta_event_store::subscription::ConsumeError;
use ingesta_event_store::{RecordedEvent, StoreError, StreamId};

use crate::rebuild::RebuildError;
use crate::rebuild::build::Ground;
use crate::rebuild::parked::{self, Skipped, Stop, is_skipped};
use crate::rebuild::target::Target;
use crate::row::StoredRow;

/// What the view does not hold although it is in the log.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Aside {
    /// Streams that stop before the sequence.
    pub(super) parked: HashMap<StreamId, u64>,
    skipped: Skipped,
}

impl Aside {
    pub(super) async fn read(ground: &Ground, projection: &str) -> Result<Self, StoreError> {
        let parked = ground.storage.parked(projection).await?.into_iter();
        Ok(Self {
            parked: parked.map(|row| (row.stream, row.sequence)).collect(),
            skipped: parked::skipped(&ground.database, projection).await?,
        })
    }
}

/// A row on its way through the log.
pub(super) struct Row<'a> {
    pub(super) target: &'a dyn Target,
    pub(super) key: &'a str,
    pub(super) aside: Aside,
    pub(super) row: Option<StoredRow>,
    /// The log is known to have nothing for it.
    pub(super) unknown: bool,
}

impl<'a> Row<'a> {
    pub(super) fn new(target: &'a dyn Target, key: &'a str, aside: Aside) -> Self {
        Self {
            target,
            key,
            aside,
            row: None,
            unknown: false,
        }
    }

    /// Folds events; an event that fails is answered with, and nothing behind it is folded.
    pub(super) fn take(
        &mut self,
        mut events: Vec<RecordedEvent>,
    ) -> Result<Option<Stop>, RebuildError> {
        events.retain(|event| !is_skipped(&self.aside.skipped, event));
        let fold = |row, events: &[RecordedEvent]| self.target.fold_one(self.key, row, events);
        let (index, reason) = match fold(self.row.clone(), &events) {
            Ok(row) => {
                self.row = row;
                return Ok(None);
            }
            Err(ConsumeError::Event { index, reason }) if index < events.len() => (index, reason),
            Err(error) => return Err(self.refused(&error.to_string())),
        };
        let before = fold(self.row.clone(), &events[..index]);
        self.row = before.map_err(|error| self.refused(&error.to_string()))?;
        let event = &events[index];
        Ok(Some(Stop {
            stream: event.stream.clone(),
            sequence: event.sequence,
            reason,
        }))
    }

    pub(super) fn refused(&self, message: &str) -> RebuildError {
        RebuildError::Fold {
            projection: self.target.name().to_owned(),
            message: message.to_owned(),
        }
    }
}
