//! What a projection is: which rows an event touches, and what it does to each of them.
//!
//! A projection is pure: the same events in the same order make the same rows, on any machine, at
//! any time. It is called again after a crash or a failed commit, so it asks no clock, draws no
//! random number and does nothing outside its rows.

use ingesta_event_store::{RecordedEvent, TypeFilter};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{ProjectionError, Reads, TableName};

/// A fold of the log into rows.
///
/// # Order
/// Events come in log order. There is one exception: the events of a parked stream come when it
/// is resumed, behind events of other streams that stand later in the log. Within a stream the
/// order never changes. So a row that is fed by one stream always ends equal to a fresh fold; a
/// row that is fed by several does so if its `apply` commutes between streams (sums, counters,
/// sets and maps keyed by the aggregate do; "the last event of all" does not).
pub trait Projection: Send + Sync + 'static {
    /// What a row holds, stored as JSON. A key that has no row yet starts at the default.
    type State: Default + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// The subscription's name: unique in the database, for ever. A changed projection gets a
    /// new one.
    fn name(&self) -> &str;

    /// The table of its rows, belonging to this projection alone.
    fn table(&self) -> &TableName;

    /// Which aggregate types it reads.
    fn types(&self) -> TypeFilter;

    /// The rows that the event touches: none, one or several. Naming one twice is naming it once.
    ///
    /// A key is text without NUL of at most [`TableName::KEY_BYTES_MAX`] bytes; another one
    /// parks the event's stream with the code `key_invalid`.
    ///
    /// # Errors
    /// When the event cannot be read or placed: its stream is parked.
    fn keys(&self, event: &RecordedEvent) -> Result<Vec<String>, ProjectionError>;

    /// Does to one row what the event says.
    ///
    /// # Errors
    /// When the event cannot be read or does not fit the row: its stream is parked, and nothing
    /// of the event is stored in any row.
    fn apply(
        &self,
        key: &str,
        state: &mut Self::State,
        event: &RecordedEvent,
    ) -> Result<Change, ProjectionError>;

    /// What the version of a row counts.
    fn versioning(&self) -> Versioning {
        Versioning::Applied
    }

    /// Which parts of an event `keys` and `apply` look at. A rebuild copies no others out of the
    /// database.
    fn reads(&self) -> Reads {
        Reads::ALL
    }

    /// True if `keys` always answers with one key, and that is the id of the event's aggregate. A
    /// rebuild then need not ask it, and lets the database leave out the aggregates that it does
    /// not work on.
    fn keyed_by_aggregate(&self) -> bool {
        false
    }
}

/// What becomes of a row after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It stays, with its new state.
    Keep,
    /// The event says nothing to it, and its state was left alone: no row is made where there was
    /// none. Under [`Versioning::Applied`] the event does not count; under
    /// [`Versioning::StreamSequence`] a row that is there moves on to its sequence.
    Nothing,
    /// It goes. A later event with its key makes a new row, from the default and version 0.
    Remove,
}

/// What the version of a row counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versioning {
    /// The events applied to the row. Right for every projection.
    Applied,
    /// The row is fed by one stream only, and its version is the sequence of the last event: the
    /// version of the aggregate that the row shows. An event at or below it is in the row
    /// already and is not applied again.
    StreamSequence,
}
