//! What is due later in a dry run: timers and answers, in the order of their times.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{HeardBy, ProcessManager};

/// What happens when its time has come.
pub(super) enum Due<P: ProcessManager> {
    /// A timer, if it is still set to this very time.
    Timer { saga_id: String, timer: String },
    /// An answer.
    Answer { saga_id: String, heard: HeardBy<P> },
}

/// By time, and of one time in the order in which it was noted.
pub(super) struct Timeline<P: ProcessManager> {
    due: BTreeMap<(DateTime<Utc>, u64), Due<P>>,
    noted: u64,
}

impl<P: ProcessManager> Timeline<P> {
    pub(super) fn new() -> Self {
        Self {
            due: BTreeMap::new(),
            noted: 0,
        }
    }

    /// Notes something.
    pub(super) fn note(&mut self, at: DateTime<Utc>, due: Due<P>) {
        self.noted += 1;
        self.due.insert((at, self.noted), due);
    }

    /// Takes the next thing that is due at `until` or before.
    pub(super) fn next(&mut self, until: DateTime<Utc>) -> Option<(DateTime<Utc>, Due<P>)> {
        let first = self.due.first_entry()?;
        let at = first.key().0;
        (at <= until).then(|| (at, first.remove()))
    }
}

/// So much later; the end of time where there is no such time.
pub(super) fn later(at: DateTime<Utc>, after: Duration) -> DateTime<Utc> {
    let after = TimeDelta::from_std(after).ok();
    let sum = after.and_then(|after| at.checked_add_signed(after));
    sum.unwrap_or(DateTime::<Utc>::MAX_UTC)
}
