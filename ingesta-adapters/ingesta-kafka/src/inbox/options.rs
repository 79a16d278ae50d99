//! The settings of an inbox, each with its default and its unit.
//!
//! What cannot work is refused when an inbox is made of it; what would merely make it spin or stand
//! still is raised to the least that does not. Nothing here is read from the environment.

use std::time::Duration;

use uuid::Uuid;

use crate::connect::KafkaError;
use crate::topics::Copies;

/// How the members of a group share its partitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Membership {
    /// Neighbouring partitions; whenever a member comes or goes all of them give theirs up first.
    /// The oldest way, and the one with the fewest surprises.
    #[default]
    Range,
    /// Members keep what they have where possible, and only what moves is given up.
    CooperativeSticky,
    /// The broker decides (the group protocol of Kafka 4; all members must use it).
    BrokerSide,
}

/// How an [`Inbox`](super::Inbox) behaves.
#[derive(Clone, Debug)]
pub struct InboxOptions {
    /// The consumer group: its members share the partitions, and its offsets outlive them.
    pub group: String,
    /// The topics, by their full names.
    pub topics: Vec<String>,
    /// The name of this member, in the broker's logs and metrics; unique among all members.
    /// Default: the group, the process id and a new uuid.
    pub client_id: String,
    /// How partitions are shared. Default [`Membership::Range`].
    pub membership: Membership,
    /// Copies of a topic of dead letters that is made here. Default: as the brokers are set.
    pub dead_copies: Copies,
    /// Messages handled at the same time, over all partitions. Default 16, at least 1.
    pub concurrency: usize,
    /// Messages of one partition that are read and not finished, before it is paused.
    /// Default 1,000, at least 2.
    pub window: usize,
    /// Bytes of such messages of one partition, before it is paused. Default 8 MiB.
    pub window_bytes: usize,
    /// The pause before a message that failed for a passing reason is tried again; it doubles.
    /// Default 200 ms.
    pub retry_min: Duration,
    /// The longest such pause. Default 30 s.
    pub retry_max: Duration,
    /// How often finished offsets are committed, and so how much comes again after a crash.
    /// Default 1 s, at least 10 ms.
    pub commit_every: Duration,
    /// A member that is not heard of for this long has lost its partitions. Default 45 s; brokers
    /// allow 6 s to 30 min unless set otherwise. With [`Membership::BrokerSide`] the broker decides.
    pub session_timeout: Duration,
    /// The longest time that giving up partitions may take before the broker gives them away.
    /// Default 5 min, at least the session timeout.
    pub max_poll_interval: Duration,
    /// How long messages under way may take to end when their partition goes to another member.
    /// Default 10 s, at most half of `max_poll_interval`: after that the broker gives the partition
    /// away without asking, and the client library does not say so while it waits for this.
    pub revoke_grace: Duration,
    /// How long messages under way may take to end after shutdown was asked for. Default 10 s.
    pub shutdown_grace: Duration,
    /// How long leaving the group may take after that, before it is left to itself. Default 10 s.
    pub close_within: Duration,
}

impl InboxOptions {
    /// The defaults, for a group over some topics.
    pub fn new<T: Into<String>>(
        group: impl Into<String>,
        topics: impl IntoIterator<Item = T>,
    ) -> Self {
        let group = group.into();
        Self {
            client_id: format!("{group}-{}-{}", std::process::id(), Uuid::now_v7()),
            group,
            topics: topics.into_iter().map(Into::into).collect(),
            membership: Membership::default(),
            dead_copies: Copies::default(),
            concurrency: 16,
            window: 1_000,
            window_bytes: 8 * 1024 * 1024,
            retry_min: Duration::from_millis(200),
            retry_max: Duration::from_secs(30),
            commit_every: Duration::from_secs(1),
            session_timeout: Duration::from_secs(45),
            max_poll_interval: Duration::from_secs(300),
            revoke_grace: Duration::from_secs(10),
            shutdown_grace: Duration::from_secs(10),
            close_within: Duration::from_secs(10),
        }
    }

    /// With values that work, or the reason why there are none.
    pub(super) fn checked(mut self) -> Result<Self, KafkaError> {
        let refuse = |what: &str| {
            let what = format!("inbox: {what}");
            Err(KafkaError::Settings { what })
        };
        if self.group.trim().is_empty() {
            return refuse("a consumer group needs a name");
        }
        if self.topics.is_empty() {
            return refuse("an inbox needs at least one topic");
        }
        // The client library takes a name with a caret for a pattern.
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let named = |topic: &String| !topic.is_empty() && topic.chars().all(allowed);
        if !self.topics.iter().all(named) {
            return refuse(
                "the name of a topic has letters, digits, dots, underscores and hyphens",
            );
        }
        if self.topics.iter().any(|topic| topic.len() > LONGEST_NAME) {
            return refuse("a topic needs a name that leaves room for that of its dead letters");
        }
        if self.client_id.trim().is_empty() {
            return refuse("a member needs a client id of its own");
        }
        if self.max_poll_interval < self.session_timeout {
            return refuse("max_poll_interval is at least session_timeout");
        }
        self.concurrency = self.concurrency.clamp(1, MANY);
        self.window = self.window.clamp(2, MANY);
        for duration in [
            &mut self.retry_min,
            &mut self.retry_max,
            &mut self.revoke_grace,
            &mut self.shutdown_grace,
            &mut self.close_within,
        ] {
            *duration = (*duration).min(LONG);
        }
        self.revoke_grace = self.revoke_grace.min(self.max_poll_interval / 2);
        Ok(self)
    }
}

/// The broker allows 249 characters, and a suffix is appended for the dead letters.
const LONGEST_NAME: usize = 249 - ".dead".len();

/// More than any machine handles at once.
const MANY: usize = 1_000_000;

/// Longer than anybody waits; instants cannot be reckoned with much longer ones.
const LONG: Duration = Duration::from_secs(365 * 24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(options: InboxOptions) -> bool {
        matches!(options.checked(), Err(KafkaError::Settings { .. }))
    }

    #[test]
    fn what_cannot_work_is_refused() {
        assert!(refused(InboxOptions::new(" ", ["t"])));
        assert!(refused(InboxOptions::new("g", Vec::<String>::new())));
        for topic in ["^t.*", "", "two words", &"t".repeat(245)] {
            assert!(refused(InboxOptions::new("g", [topic])), "{topic}");
        }
        assert!(refused(InboxOptions {
            max_poll_interval: Duration::from_secs(1),
            ..InboxOptions::new("g", ["t"])
        }));
        assert!(refused(InboxOptions {
            client_id: String::new(),
            ..InboxOptions::new("g", ["t"])
        }));
    }

    #[test]
    fn what_would_stand_still_is_raised() {
        let options = InboxOptions {
            concurrency: 0,
            window: 0,
            retry_max: Duration::MAX,
            ..InboxOptions::new("g", ["t"])
        };
        let options = options.checked().expect("it works");
        assert_eq!((options.concurrency, options.window), (1, 2));
        assert!(options.retry_max < Duration::MAX);
    }

    #[test]
    fn partitions_are_given_up_before_they_are_given_away() {
        let options = InboxOptions {
            session_timeout: Duration::from_secs(6),
            max_poll_interval: Duration::from_secs(6),
            ..InboxOptions::new("g", ["t"])
        };
        let options = options.checked().expect("it works");
        assert_eq!(options.revoke_grace, Duration::from_secs(3));
    }

    #[test]
    fn two_members_have_two_names() {
        let one = InboxOptions::new("g", ["t"]);
        assert_ne!(one.client_id, InboxOptions::new("g", ["t"]).client_id);
    }
}
