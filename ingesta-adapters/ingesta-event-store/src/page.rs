//! What a reader of the log gets: a page, a filter for it, and how far behind the reader is.

use std::borrow::Cow;
use std::time::Duration;

use crate::{Position, RecordedEvent, StreamId};

/// Which aggregate types a reader wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeFilter {
    /// Every event of the log. The store's own bookkeeping ([`StreamId::COMMANDS`]) is no event.
    All,
    /// The events of these aggregate types.
    Only(Vec<Cow<'static, str>>),
}

impl TypeFilter {
    /// The events of one aggregate type.
    #[must_use]
    pub fn of<A: cqrs_es::Aggregate>() -> Self {
        Self::Only(vec![Cow::Borrowed(A::TYPE)])
    }

    /// True if events of this type are wanted.
    #[must_use]
    pub fn admits(&self, aggregate_type: &str) -> bool {
        match self {
            Self::All => aggregate_type != StreamId::COMMANDS,
            Self::Only(types) => types.iter().any(|t| t == aggregate_type),
        }
    }
}

/// A stretch of the log.
#[derive(Clone, Debug)]
pub struct Page {
    /// The wanted events, in log order.
    pub events: Vec<RecordedEvent>,
    /// The last entry looked at, wanted or not; the place to read on from.
    pub reached: Position,
    /// True if the page was full: there may be more at once.
    pub more: bool,
}

impl Page {
    /// The page as far as `end` and no further. `settled`: nothing can appear before `end` that was
    /// not there when the page was read, so a page that was not full reaches `end`.
    pub(crate) fn up_to(mut self, end: Position, settled: bool) -> Self {
        if self.reached >= end || (settled && !self.more) {
            self.events.retain(|event| event.position <= end);
            self.reached = end;
            self.more = false;
        }
        self
    }
}

/// How far a reader is behind the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// Committed events after the reader's position, counted up to [`Lag::COUNTED_MAX`].
    pub events: u64,
    /// Age of the oldest of them, on the database's clock.
    pub age: Option<Duration>,
    /// Of those events, how many no reader may see yet, because an older transaction is open.
    pub held_back: u64,
    /// The open writing transaction that holds readers back, if any do wait.
    pub blocker: Option<Blocker>,
}

impl Lag {
    /// Counting stops here, so that asking for the lag stays cheap.
    pub const COUNTED_MAX: u64 = 100_000;
}

/// The oldest writing transaction of the database cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocker {
    /// Its server process; `None` for a prepared transaction.
    pub pid: Option<i32>,
    /// The database it works in.
    pub database: String,
    /// What its session says it is doing (`active`, `idle in transaction`, `prepared`).
    pub state: String,
    /// How long the transaction has been open.
    pub age: Duration,
}
