//! One row while events are folded into it: the rules that the live fold and the rebuild share.
//!
//! No I/O and no JSON. Who keeps the row, and when it is written, is the caller's business.

use ingesta_event_store::RecordedEvent;

use crate::{Change, Projection, ProjectionError, Versioning};

/// A row as a typed state.
pub(crate) struct LiveRow<S> {
    pub(crate) state: S,
    pub(crate) version: u64,
    /// Whether there is such a row: as it is stored, then as the events leave it.
    pub(crate) there: bool,
}

/// What an event did to a row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Nothing: there is nothing to write.
    Nothing,
    /// Its version grew and its state stayed.
    Moved,
    /// It has another state, or went.
    Changed,
}

impl<S: Default> LiveRow<S> {
    /// No row yet.
    pub(crate) fn absent() -> Self {
        Self {
            state: S::default(),
            version: 0,
            there: false,
        }
    }

    /// Takes the event in. After an error the state may be half changed: it is good for nothing.
    pub(crate) fn take<P: Projection<State = S>>(
        &mut self,
        projection: &P,
        key: &str,
        event: &RecordedEvent,
    ) -> Result<Taken, ProjectionError> {
        let version = match projection.versioning() {
            Versioning::Applied => self.version + 1,
            Versioning::StreamSequence if event.sequence <= self.version => {
                return Ok(Taken::Nothing);
            }
            Versioning::StreamSequence => event.sequence,
        };
        match projection.apply(key, &mut self.state, event)? {
            Change::Keep => (self.version, self.there) = (version, true),
            Change::Remove => *self = Self::absent(),
            // The version of a row that shows an aggregate is the aggregate's, which has moved on.
            Change::Nothing
                if self.there && projection.versioning() == Versioning::StreamSequence =>
            {
                self.version = version;
                return Ok(Taken::Moved);
            }
            Change::Nothing => return Ok(Taken::Nothing),
        }
        Ok(Taken::Changed)
    }
}
