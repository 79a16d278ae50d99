//! What a dry run found. It shows actions, and so what they hold: handle it as the log itself.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use ingesta_event_store::StreamId;

use crate::ProcessManager;

/// The end of every instance.
pub struct DryRunReport<P: ProcessManager> {
    /// By id, those that had something to remember.
    pub sagas: BTreeMap<String, DryRunSaga<P>>,
    /// Streams that would be parked, each with its first failure.
    pub held_back: Vec<HeldBack>,
    /// Events of the log that were looked at.
    pub events: u64,
    /// False if a transaction that is still open hid the end of the log from all readers.
    pub complete: bool,
    /// How late it was at the end; `None`: the log holds nothing that is heard.
    pub until: Option<DateTime<Utc>>,
}

/// One instance, as it would be.
pub struct DryRunSaga<P: ProcessManager> {
    /// Its state.
    pub state: P,
    /// How many events it would have stored.
    pub events: u64,
    /// What it would have asked for, in order.
    pub acts: Vec<WouldAct<P::Action>>,
    /// Timers that are still set, and when they run out.
    pub timers: BTreeMap<String, DateTime<Utc>>,
    /// What it refused to hear from its timers and from its answers, free of data.
    pub refused: Vec<String>,
}

/// An action that was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WouldAct<A> {
    /// When it would have been asked for.
    pub at: DateTime<Utc>,
    /// What.
    pub action: A,
}

/// A stream whose events cannot be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBack {
    /// Whose events.
    pub stream: StreamId,
    /// The first event that cannot be told.
    pub sequence: u64,
    /// Why, free of data.
    pub why: String,
    /// How many events wait behind it.
    pub behind: u64,
}
