//! The past: the state of a stream as of one of its versions, a place in the log, or a time.
//!
//! Promises: an answer is final. What is asked for a place or a time is answered once nothing can
//! be stored any more that belongs before it; until then the question waits, bounded, and then it
//! is refused as not yet known. What the log does not know is refused, never guessed at, and never
//! answered with the latest state instead.
//! Does not: keep anything. A past state is folded from the stream, through the codec, each time.

mod error;
mod horizon;
mod load;
mod settle;

use chrono::{DateTime, Utc};

pub use error::AsOfError;
pub use horizon::Horizon;
pub use load::{StreamAsOf, load_as_of, stream_as_of};
pub use settle::{Past, SETTLE_WITHIN, settle};

use crate::Position;

/// As of when.
///
/// A moment is a cut through a stream: what it holds is the longest run of events from the
/// stream's beginning that all lie at or before it.
///
/// # Instants
/// The time of an event is when the database took it in, on the database's own clock, some
/// milliseconds before anybody could read it. So an event of a transaction that is still open may
/// lie before an instant that has passed: a question about the last moments waits for the writing
/// transactions that were open when it was asked. The times are as good as that clock: where it was
/// set back, an event that was stored later may have an earlier time, and streams are still cut, not
/// sifted.
///
/// Events that were adopted from a table of plain `postgres-es` have no time. They were stored
/// before the adoption, and that is all that is known: an earlier instant is refused for a stream
/// that has such events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Right after the stream's event of this sequence. 0 is before the first one. Versions count
    /// stored events, also those that upcasters split or drop today.
    Version(u64),
    /// Right after this place in the log.
    Position(Position),
    /// Right after this instant.
    Instant(DateTime<Utc>),
}
