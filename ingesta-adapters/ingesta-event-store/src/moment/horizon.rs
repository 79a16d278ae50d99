//! What a store says about its clock and its open transactions, so that the past can be called
//! settled.

use chrono::{DateTime, Utc};

use crate::Position;

/// How far what is stored is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizon {
    /// The time on the clock of `recorded_at`, read before the rest of this.
    pub now: DateTime<Utc>,
    /// Every transaction below this is over: the events that it stored, the half of
    /// [`Position`] that says `xact` being below this, can be read, and no more
    /// will come.
    pub over: u64,
    /// Every transaction that had stored something at `now` is below this.
    pub begun: u64,
    /// Events without a time were stored before this; `None` where there can be none.
    pub adopted_at: Option<DateTime<Utc>>,
}

impl Horizon {
    /// True if no event at or before `position` can still appear.
    #[must_use]
    pub fn settles(&self, position: Position) -> bool {
        // Identities begin at 1: the place of identity 0 is before the transaction's first event.
        let ended = position.xact() < self.over;
        ended || (position.xact() == self.over && position.identity() == 0)
    }
}
