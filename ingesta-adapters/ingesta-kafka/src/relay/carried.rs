//! What of a batch is acknowledged already when the batch is tried again.
//!
//! A batch that failed in part is asked for again: by the runner after a pause, or without an event
//! that was refused. What the broker has acknowledged is not sent a second time, so a topic that is
//! missing for hours fills no other topic with repetitions. It is lost with the process.

use std::collections::{HashMap, HashSet};

use ingesta_event_store::{Position, RecordedEvent};

#[derive(Debug, Default)]
pub(super) struct Carried(HashMap<Position, HashSet<usize>>);

impl Carried {
    /// True if this message of the event at `position` is acknowledged.
    pub(super) fn holds(&self, position: Position, part: usize) -> bool {
        self.0
            .get(&position)
            .is_some_and(|parts| parts.contains(&part))
    }

    pub(super) fn add(&mut self, (position, part): (Position, usize)) {
        self.0.entry(position).or_default().insert(part);
    }

    /// The batch is done.
    pub(super) fn forget(&mut self, batch: &[RecordedEvent]) {
        if self.0.is_empty() {
            return;
        }
        for event in batch {
            self.0.remove(&event.position);
        }
    }
}
