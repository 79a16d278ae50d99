//! Which aggregate: its type and its id, together the name of one stream of events.

use std::borrow::Cow;
use std::fmt;

/// The name of one aggregate's stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// `Aggregate::TYPE`.
    pub aggregate_type: Cow<'static, str>,
    /// The aggregate's id, unique within its type.
    pub aggregate_id: String,
}

impl StreamId {
    /// The aggregate type of the store's own bookkeeping: one stream for each command that was
    /// named and had nothing to store (see [`Append::already_done`](crate::Append::already_done)).
    /// Readers of the log are not shown it unless they ask for it by name, and no aggregate may
    /// have it for its `TYPE`.
    pub const COMMANDS: &'static str = "$command";

    /// The stream of the aggregate `aggregate_id` of type `aggregate_type`.
    pub fn new(
        aggregate_type: impl Into<Cow<'static, str>>,
        aggregate_id: impl Into<String>,
    ) -> Self {
        Self {
            aggregate_type: aggregate_type.into(),
            aggregate_id: aggregate_id.into(),
        }
    }

    /// The stream of an aggregate of type `A`.
    pub fn of<A: cqrs_es::Aggregate>(aggregate_id: impl Into<String>) -> Self {
        Self::new(A::TYPE, aggregate_id)
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.aggregate_type, self.aggregate_id)
    }
}
