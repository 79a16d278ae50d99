//! A stream whose event could not be processed, and how it gets out of that.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::{Position, StreamId};

/// Why an event could not be processed. No payload data: this is stored and shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkReason {
    /// A stable word: `undecodable`, `panicked`, `refused`, ...
    pub code: String,
    /// One sentence for the operator, free of payload data.
    pub message: String,
}

impl ParkReason {
    /// The code of a stream that moved on to an event which has not been tried yet.
    pub const PENDING: &str = "pending";

    /// Why a stream waits that moved on: it has yet to be tried.
    #[must_use]
    pub fn pending() -> Self {
        Self {
            code: Self::PENDING.to_owned(),
            message: "moved on; the next event has not been tried yet".to_owned(),
        }
    }
}

/// Puts a stream aside at its failing event.
#[derive(Clone, Debug)]
pub struct Park {
    /// The stream.
    pub stream: StreamId,
    /// The failing event's sequence: the next to try.
    pub sequence: u64,
    /// The failing event's position.
    pub position: Position,
    /// Why.
    pub reason: ParkReason,
    /// How many times it has been tried, this time included.
    pub attempts: u32,
    /// When to try again by itself, from now; `None`: only when an operator says so.
    pub retry_after: Option<Duration>,
}

/// A parked stream moved on.
#[derive(Clone, Debug)]
pub struct Unpark {
    /// The stream.
    pub stream: StreamId,
    /// The next sequence to try; `None`: it has caught up with the checkpoint and is parked no more.
    pub next: Option<u64>,
}

/// A parked stream, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedStream {
    /// The stream.
    pub stream: StreamId,
    /// The next sequence to try.
    pub sequence: u64,
    /// Where the event that failed is.
    pub position: Position,
    /// Why it failed last.
    pub reason: ParkReason,
    /// Tries so far.
    pub attempts: u32,
    /// When it was parked.
    pub parked_at: DateTime<Utc>,
    /// When it will be tried again; `None`: it waits for an operator.
    pub retry_at: Option<DateTime<Utc>>,
    /// True if it is to be tried now, on the store's clock.
    pub due: bool,
}
