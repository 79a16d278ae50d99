//! Trials: an event that is suspected is folded into copies of its rows, and so is, before it is
//! folded in earnest, an event that meets a row on which another one failed.
//!
//! A copy is made by way of the text, for a state need not be clonable; the live fold does the same
//! for each batch. A row that is too large for that at every event is spoiled by the first failure,
//! as any other row is that nothing is known of.

use std::collections::HashSet;

use ingesta_event_store::RecordedEvent;

use super::{Rows, take_in};
use crate::Projection;
use crate::fold::valid;
use crate::live_row::LiveRow;
use crate::rebuild::RebuildError;
use crate::rebuild::pass::failure::{Failures, Fault, call, text};

/// Text of a row that is copied at every event, in bytes.
const COPIED_MAX: usize = 4 << 10;
/// Failures that rows are kept right for. Behind so many it is the row that is wrong.
const FAILED_MAX: u32 = 1_000;

/// What trials have shown.
#[derive(Default)]
pub(super) struct Trials {
    /// Suspects that failed.
    pub(super) confirmed: Failures,
    /// Rows that are not copied any more.
    given_up: HashSet<Box<str>>,
    failed: u32,
}

impl<P: Projection> Rows<P> {
    /// Where an event failed on the row in an earlier pass: says whether this one does, while the
    /// row is as it was.
    pub(super) fn guard(&mut self, key: &str, event: &RecordedEvent) -> Result<(), Fault> {
        if !self.plan.is_fragile(key) || self.trials.given_up.contains(key) {
            return Ok(());
        }
        let Some(mut row) = self.copied(key, COPIED_MAX) else {
            self.trials.given_up.insert(key.into());
            return Ok(());
        };
        let tried = take_in(&*self.projection, &self.plan, &mut row, key, event);
        if tried.is_err() {
            self.trials.failed += 1;
            if self.trials.failed > FAILED_MAX {
                self.trials.given_up.insert(key.into());
            }
        }
        tried
    }

    /// Folds a suspect into copies of those of its rows that are here.
    pub(super) fn try_out(&mut self, event: &RecordedEvent) -> Result<(), RebuildError> {
        let fault = match call(|| self.projection.keys(event).and_then(valid)) {
            Err(fault) => Some(fault),
            Ok(keys) => keys.iter().find_map(|key| self.fails(key, event)),
        };
        match fault {
            None => Ok(()),
            Some(fault) => {
                let name = self.projection.name();
                self.trials.confirmed.note(name, event, fault, None)
            }
        }
    }

    /// Why the event fails on the row; `None`: it does not, or the row is not here, or of no use.
    fn fails(&self, key: &str, event: &RecordedEvent) -> Option<Fault> {
        let here = self.plan.owner(key) == self.worker && self.wanted(key);
        if !here || self.spoiled.contains(key) {
            return None;
        }
        let mut row = self.copied(key, usize::MAX)?;
        if let Err(fault) = take_in(&*self.projection, &self.plan, &mut row, key, event) {
            return Some(fault);
        }
        // Nor may the event leave a row behind that cannot be written.
        if row.there {
            text(&row.state).err()
        } else {
            None
        }
    }

    /// A copy of a row whose text is not longer than this; of one that is absent, too.
    fn copied(&self, key: &str, bytes_max: usize) -> Option<LiveRow<P::State>> {
        let Some(kept) = self.rows.get(key.as_bytes()) else {
            return Some(LiveRow::absent());
        };
        let text = text(&kept.row.state).ok()?;
        if text.len() > bytes_max {
            return None;
        }
        Some(LiveRow {
            state: serde_json::from_str(&text).ok()?,
            version: kept.row.version,
            there: kept.row.there,
        })
    }
}
