//! Why a past state was not answered.

use chrono::{DateTime, Utc};

use crate::{DecodeError, Position, StoreError, StreamId};

/// A question about the past that was not answered.
#[derive(Debug, thiserror::Error)]
pub enum AsOfError {
    /// The stream, or the row, has never been at that version. *Handling*: 404.
    #[error("it is at version {current} and has not been at {asked}")]
    VersionNotReached {
        /// What was asked for.
        asked: u64,
        /// How far it is; 0: there is none.
        current: u64,
    },
    /// The log is not that long yet, and nobody knows what will be there. *Handling*: as for
    /// [`Self::Unsettled`].
    #[error("the log ends at {head}, before {asked}")]
    BeyondHead {
        /// What was asked for.
        asked: Position,
        /// Where the log ends.
        head: Position,
    },
    /// The instant has not come yet, on the store's clock. *Handling*: 400.
    #[error("the instant has not come yet: the store's clock says {now}")]
    Future {
        /// The time on that clock.
        now: DateTime<Utc>,
    },
    /// The log does not know when the stream's first events were stored, only that it was before
    /// `known_from`. *Handling*: 409; ask for a version, or for an instant from then on.
    #[error("the log knows no times of {stream} before {known_from}, when it was adopted")]
    TimeUnknown {
        /// Whose events.
        stream: StreamId,
        /// From when on the log knows times.
        known_from: DateTime<Utc>,
    },
    /// A transaction is open that may still store something at or before the moment.
    /// *Handling*: 503 with Retry-After.
    #[error("a transaction is open that may still store something before that moment")]
    Unsettled,
    /// A stored event cannot be read by this program.
    #[error(transparent)]
    Undecodable(#[from] DecodeError),
    /// The store failed.
    #[error("the past was not read")]
    Store(#[from] StoreError),
}
