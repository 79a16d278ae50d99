//! How an inbox stands, for health, figures and people: numbers and kinds, never data.

use std::fmt;

use chrono::{DateTime, Utc};

/// What an inbox is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InboxState {
    /// It has not got its partitions yet: the broker is away, or the group is being formed.
    Joining,
    /// It has its share of the partitions, which may be none.
    Following,
    /// No broker answers; it keeps trying.
    Unreachable,
    /// It was shut down.
    Ended,
}

/// The kinds of failure that an inbox can meet; none of them ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No broker answers, or its name is not known.
    Unreachable,
    /// The broker refuses the credentials, or one of the two the other's certificate.
    Authentication,
    /// A permission is missing: reading the topics, or the group.
    Authorization,
    /// A topic does not exist (yet).
    TopicMissing,
    /// Offsets were not committed: what was finished since the last commit may come again.
    Commit,
    /// Partitions went to another member before this one gave them up.
    PartitionsLost,
    /// The handler says that something it needs is away.
    HandlerTransient,
    /// A dead letter could not be written; its message is kept and it is tried again.
    DeadLetter,
    /// The consumer was given up and is made anew.
    Fatal,
    /// Something else that the client library reports.
    Consumer,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "unreachable",
            Self::Authentication => "authentication",
            Self::Authorization => "authorization",
            Self::TopicMissing => "topic-missing",
            Self::Commit => "commit",
            Self::PartitionsLost => "partitions-lost",
            Self::HandlerTransient => "handler-transient",
            Self::DeadLetter => "dead-letter",
            Self::Fatal => "fatal",
            Self::Consumer => "consumer",
        })
    }
}

/// How an inbox stands at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxStatus {
    /// What it is doing.
    pub state: InboxState,
    /// Its partitions, as topic and number, in order.
    pub assigned: Vec<(String, i32)>,
    /// Messages that are being handled.
    pub in_flight: usize,
    /// Messages that were read and are not finished, those in flight among them.
    pub unfinished: usize,
    /// Messages handled since the start.
    pub handled: u64,
    /// Messages put aside since the start.
    pub dead_lettered: u64,
    /// Tries that failed for a passing reason since the start.
    pub retries: u64,
    /// Since when some message is tried again and again.
    pub retrying_since: Option<DateTime<Utc>>,
    /// Messages of its partitions that are not committed yet, as of the last answer to a fetch: of a
    /// partition that is paused nobody knows what came since. `None` before the first answer.
    pub lag: Option<u64>,
    /// Partitions that went to another member before this one gave them up, since the start.
    pub lost: u64,
    /// The last failure, and when it was.
    pub last_error: Option<(Fault, DateTime<Utc>)>,
    /// The permission without which it cannot go on: operation and resource, as access lists spell
    /// them. `None`: the broker has refused it none, or it has gone on since.
    pub missing: Option<String>,
}
