//! Where the parts of an inbox note what they do, and where its status and its log lines come from.
//!
//! A condition that lasts is logged when it begins and when it ends, not with every look at it.
//! No message's key, value or header comes here.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use rdkafka::error::RDKafkaErrorCode as Code;

use super::offsets::Place;
use super::{Fault, InboxState, InboxStatus};

pub(super) struct Board {
    group: String,
    topics: String,
    notes: Mutex<Notes>,
}

struct Notes {
    state: InboxState,
    assigned: BTreeSet<Place>,
    in_flight: usize,
    handled: u64,
    dead_lettered: u64,
    retries: u64,
    /// Messages that wait for another try.
    retrying: usize,
    retrying_since: Option<DateTime<Utc>>,
    lag: Option<u64>,
    lost: u64,
    last_error: Option<(Fault, DateTime<Utc>)>,
    /// Whether reading lacks the permission on the group, and on a topic. The client library tells
    /// each once, and both may be missing.
    no_group: bool,
    no_topic: bool,
    /// The permission that putting aside lacks.
    unwritten: Option<String>,
    /// The broker refuses this program's identity, and answers nothing else.
    refused: bool,
    /// Lasting conditions that were logged and are not over.
    said: Vec<Fault>,
}

fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

impl Board {
    pub(super) fn new(group: &str, topics: &[String]) -> Self {
        Self {
            group: group.to_owned(),
            topics: topics.join(", "),
            notes: Mutex::new(Notes {
                state: InboxState::Joining,
                assigned: BTreeSet::new(),
                in_flight: 0,
                handled: 0,
                dead_lettered: 0,
                retries: 0,
                retrying: 0,
                retrying_since: None,
                lag: None,
                lost: 0,
                last_error: None,
                no_group: false,
                no_topic: false,
                unwritten: None,
                refused: false,
                said: Vec::new(),
            }),
        }
    }

    pub(super) fn group(&self) -> &str {
        &self.group
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn status(&self, unfinished: usize) -> InboxStatus {
        let notes = self.notes();
        InboxStatus {
            state: notes.state,
            assigned: notes.assigned.iter().cloned().collect(),
            in_flight: notes.in_flight,
            unfinished,
            handled: notes.handled,
            dead_lettered: notes.dead_lettered,
            retries: notes.retries,
            retrying_since: notes.retrying_since,
            lag: notes.lag,
            lost: notes.lost,
            last_error: notes.last_error,
            missing: notes.unwritten.clone().or_else(|| self.unread(&notes)),
        }
    }

    pub(super) fn assigned(&self, places: &[Place]) {
        let mut notes = self.notes();
        notes.assigned.extend(places.iter().cloned());
        notes.state = InboxState::Following;
        notes.said.clear();
        notes.refused = false;
        // Of a topic that it may not see, it is given nothing.
        notes.no_group = false;
        notes.no_topic &= places.is_empty();
        let (group, partitions) = (&self.group, notes.assigned.len());
        tracing::info!(group, partitions, "the inbox has its partitions");
    }

    pub(super) fn revoked(&self, places: &[Place], lost: bool) {
        let mut notes = self.notes();
        for place in places {
            notes.assigned.remove(place);
        }
        let (group, partitions) = (&self.group, places.len());
        if lost {
            notes.lost += partitions as u64;
            notes.last_error = Some((Fault::PartitionsLost, now()));
            tracing::warn!(
                group,
                partitions,
                "partitions went to another member before they were given up: nothing of them is committed"
            );
        } else {
            tracing::info!(group, partitions, "partitions are given up");
        }
        if notes.assigned.is_empty() && notes.state == InboxState::Following {
            notes.state = InboxState::Joining;
        }
        notes.lag = None;
    }

    pub(super) fn started(&self) {
        let mut notes = self.notes();
        notes.in_flight += 1;
        notes.no_topic = false;
    }

    /// No longer being handled, however that went.
    pub(super) fn stopped(&self) {
        self.notes().in_flight -= 1;
    }

    pub(super) fn handled(&self) {
        self.notes().handled += 1;
    }

    pub(super) fn dead_lettered(&self, place: &Place, offset: i64, code: &str) {
        self.notes().dead_lettered += 1;
        let (group, (topic, partition)) = (&self.group, place);
        tracing::warn!(
            group,
            topic,
            partition,
            offset,
            code,
            "a message was put aside as poison"
        );
    }

    /// A message waits for another try; `first` where it had not failed before.
    pub(super) fn retrying(&self, fault: Fault, first: bool) {
        let mut notes = self.notes();
        notes.retries += 1;
        if first {
            notes.retrying += 1;
            notes.retrying_since.get_or_insert_with(now);
        }
        notes.last_error = Some((fault, now()));
    }

    /// A message cannot be put aside for want of a permission.
    pub(super) fn lacks(&self, missing: &str) {
        self.notes().unwritten = Some(missing.to_owned());
    }

    /// A message that had failed waits no longer.
    pub(super) fn retried(&self) {
        let mut notes = self.notes();
        notes.retrying = notes.retrying.saturating_sub(1);
        if notes.retrying == 0 {
            notes.retrying_since = None;
            notes.unwritten = None;
        }
    }

    /// What the client library reports: `reachable` brokers, and how far its partitions are behind.
    pub(super) fn heard(&self, reachable: bool, lag: Option<u64>) {
        let mut notes = self.notes();
        if reachable && notes.state == InboxState::Unreachable {
            notes.state = match notes.assigned.is_empty() {
                true => InboxState::Joining,
                false => InboxState::Following,
            };
            tracing::info!(group = self.group, "a broker answers again");
            notes.said.retain(|fault| *fault != Fault::Unreachable);
        }
        notes.refused &= !reachable;
        // The first answer to a fetch: it may read. Of no partitions the lag is always known.
        if lag.is_some() && notes.lag.is_none() && !notes.assigned.is_empty() {
            notes.no_topic = false;
        }
        notes.lag = lag;
    }

    /// The client library complains; it goes on by itself unless the fault is fatal.
    pub(super) fn complaint(&self, fault: Fault, code: Code) {
        let mut notes = self.notes();
        notes.refused |= fault == Fault::Authentication;
        // The cause is worth more than that nobody answers.
        if !(notes.refused && fault == Fault::Unreachable) {
            notes.last_error = Some((fault, now()));
        }
        // One broker that is away is no outage; the library goes to another one.
        if code == Code::AllBrokersDown && notes.state != InboxState::Ended {
            notes.state = InboxState::Unreachable;
        }
        let known = (notes.no_group, notes.no_topic);
        if fault == Fault::Authorization {
            let group = code == Code::GroupAuthorizationFailed;
            notes.no_group |= group;
            notes.no_topic |= !group;
        }
        if notes.said.contains(&fault) && known == (notes.no_group, notes.no_topic) {
            return;
        }
        notes.said.push(fault);
        let (group, hint, missing) = (&self.group, hint(fault), self.unread(&notes));
        tracing::warn!(group, %fault, %code, missing, "{hint}");
    }

    /// What there is to grant, so that it can read.
    fn unread(&self, notes: &Notes) -> Option<String> {
        let group = notes
            .no_group
            .then(|| format!("READ on Group {}", self.group));
        let topic = notes
            .no_topic
            .then(|| format!("READ on Topic {}", self.topics));
        match (group, topic) {
            (Some(group), Some(topic)) => Some(format!("{group}, and {topic}")),
            (group, topic) => group.or(topic),
        }
    }

    pub(super) fn ended(&self) {
        let mut notes = self.notes();
        notes.state = InboxState::Ended;
        notes.assigned.clear();
    }
}

/// What to do about it.
fn hint(fault: Fault) -> &'static str {
    match fault {
        Fault::Unreachable => "a broker does not answer: the inbox keeps trying",
        Fault::Authentication => "the broker refuses the credentials: check user and mechanism",
        Fault::Authorization => "a permission is missing: grant it, and the inbox goes on",
        Fault::TopicMissing => "a topic does not exist: the inbox waits until somebody creates it",
        Fault::Commit => {
            "offsets were not committed: what was finished since the last commit may come again"
        }
        Fault::Fatal => "the consumer was given up and is made anew",
        Fault::PartitionsLost | Fault::HandlerTransient | Fault::DeadLetter | Fault::Consumer => {
            "the client library reports a failure and goes on"
        }
    }
}

/// The kind of what the client library reports.
pub(super) fn fault_of(code: Code) -> Fault {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a foreign list of two hundred codes"
    )]
    match code {
        Code::AllBrokersDown
        | Code::BrokerTransportFailure
        | Code::Resolve
        | Code::OperationTimedOut
        | Code::BrokerNotAvailable => Fault::Unreachable,
        Code::Authentication
        | Code::SaslAuthenticationFailed
        | Code::UnsupportedSASLMechanism
        | Code::IllegalSASLState
        | Code::SSL => Fault::Authentication,
        Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed => Fault::Authorization,
        Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition => {
            Fault::TopicMissing
        }
        _ => Fault::Consumer,
    }
}
