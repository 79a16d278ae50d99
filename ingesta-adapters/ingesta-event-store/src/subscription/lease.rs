//! Who may advance a subscription, and what one advance writes.

use chrono::{DateTime, Utc};

use super::{Effect, Park, Unpark};
use crate::Position;

/// The right to advance a subscription, until it runs out on the database's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The subscription.
    pub name: String,
    /// Who holds it.
    pub owner: String,
    /// Grows with every change of owner; a write with an older epoch is refused.
    pub epoch: i64,
    /// How long a renewal lasts.
    pub duration: std::time::Duration,
    /// The checkpoint at the moment of acquiring.
    pub checkpoint: Position,
}

/// Everything that one step of a subscription stores, together.
#[derive(Debug, Default)]
pub struct Commit {
    /// The new checkpoint; `None` leaves it (a heartbeat, or work on a parked stream).
    pub checkpoint: Option<Position>,
    /// Streams to park, or to park again after a failed retry.
    pub park: Vec<Park>,
    /// Parked streams that moved on or caught up.
    pub unpark: Vec<Unpark>,
    /// The subscriber's own writes.
    pub effects: Vec<Effect>,
}

/// What an operator sees of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionStatus {
    /// Its name.
    pub name: String,
    /// How far it has come.
    pub checkpoint: Position,
    /// Who held the lease last; `None` after an orderly release.
    pub owner: Option<String>,
    /// Changes of owner so far.
    pub epoch: i64,
    /// When the lease runs out; in the past: nobody advances the subscription.
    pub expires_at: Option<DateTime<Utc>>,
    /// True while the lease holds.
    pub running: bool,
    /// Parked streams.
    pub parked: u64,
    /// When the checkpoint last moved.
    pub moved_at: Option<DateTime<Utc>>,
    /// True if it belongs to another database cluster and must be rebased.
    pub cluster_changed: bool,
}
