//! From a code of the client library to what there is to do.
//!
//! The library has two hundred codes, of Kafka's protocol and of its own; which of them come to the
//! same thing is decided here and nowhere else.

use std::fmt;

use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as K};

use super::KafkaError;

/// A code of the client library, by its name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) Option<K>);

impl Code {
    pub(crate) fn of(cause: &ClientError) -> Self {
        // The library itself forgets this one.
        if let ClientError::AdminOp(code) = cause {
            return Self(Some(*code));
        }
        Self(cause.rdkafka_error_code())
    }

    /// What the code asks of a caller who was reading `topic`.
    pub(crate) fn to_reader(self, attempted: &'static str, topic: &str) -> KafkaError {
        if self.0 == Some(K::TopicAuthorizationFailed) {
            let missing = format!("READ on Topic {topic}");
            return KafkaError::NotAuthorised { attempted, missing };
        }
        self.meaning(attempted, Some(topic))
    }

    /// True where a reader may not use its group, which one that joins none need not.
    pub(crate) fn is_about_group(self) -> bool {
        self.0 == Some(K::GroupAuthorizationFailed)
    }

    /// What the code asks of a caller who was writing to `topic`.
    pub(crate) fn meaning(self, attempted: &'static str, topic: Option<&str>) -> KafkaError {
        let code = self.to_string();
        let Some(known) = self.0 else {
            return KafkaError::Refused { attempted, code };
        };
        let named = || topic.unwrap_or("(unnamed)").to_owned();
        if let Some(missing) = missing(known, &named()) {
            return KafkaError::NotAuthorised { attempted, missing };
        }
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "two hundred codes of another library: the rest means refused"
        )]
        match known {
            K::UnknownTopic | K::UnknownTopicOrPartition | K::UnknownPartition => {
                KafkaError::UnknownTopic { topic: named() }
            }
            K::MessageSizeTooLarge | K::InvalidMessageSize | K::MessageBatchTooLarge => {
                KafkaError::TooLarge { topic: named() }
            }
            K::InvalidRecord | K::InvalidTopic | K::InvalidMessage => KafkaError::Unacceptable {
                topic: named(),
                code,
            },
            known if AWAY.contains(&known) => KafkaError::Unreachable { attempted, code },
            known if NOT_BELIEVED.contains(&known) => {
                KafkaError::NotAuthenticated { attempted, code }
            }
            K::SSL => KafkaError::NotTrusted { attempted, code },
            known if BROKEN.contains(&known) => KafkaError::Broken { attempted, code },
            known if NOT_NOW.contains(&known) => KafkaError::Busy { attempted, code },
            _ => KafkaError::Refused { attempted, code },
        }
    }
}

/// No broker answers.
const AWAY: &[K] = &[
    K::BrokerTransportFailure,
    K::AllBrokersDown,
    K::Resolve,
    K::OperationTimedOut,
    K::TimedOutQueue,
    K::MessageTimedOut,
    K::NodeUpdate,
    K::WaitingForCoordinator,
    K::NetworkException,
    K::BrokerNotAvailable,
];

/// The broker does not believe who asks.
const NOT_BELIEVED: &[K] = &[
    K::Authentication,
    K::SaslAuthenticationFailed,
    K::UnsupportedSASLMechanism,
    K::IllegalSASLState,
];

/// The client is to be made again.
const BROKEN: &[K] = &[
    K::Fatal,
    K::GaplessGuarantee,
    K::OutOfOrderSequenceNumber,
    K::UnknownProducerId,
    K::InvalidProducerEpoch,
    K::PurgeQueue,
    K::PurgeInflight,
    K::State,
];

/// The broker answers, and asks for patience.
const NOT_NOW: &[K] = &[
    K::NotEnoughReplicas,
    K::NotEnoughReplicasAfterAppend,
    K::LeaderNotAvailable,
    K::NotLeaderForPartition,
    K::CoordinatorLoadInProgress,
    K::CoordinatorNotAvailable,
    K::NotCoordinator,
    K::RequestTimedOut,
    K::QueueFull,
    K::KafkaStorageError,
    K::ConcurrentTransactions,
    K::NotController,
    K::ThrottlingQuotaExceeded,
    K::Retry,
    K::InProgress,
    // A clock is ahead: true of every message until then, so none of them is at fault.
    K::InvalidTimestamp,
];

/// The permission whose absence the code tells, for somebody who publishes.
fn missing(code: K, topic: &str) -> Option<String> {
    let known = [
        (
            K::TopicAuthorizationFailed,
            format!("WRITE on Topic {topic}"),
        ),
        (
            K::ClusterAuthorizationFailed,
            format!("WRITE on Topic {topic}, or IDEMPOTENT_WRITE on Cluster"),
        ),
        (
            K::TransactionalIdAuthorizationFailed,
            "WRITE on TransactionalId".to_owned(),
        ),
        (K::GroupAuthorizationFailed, "READ on Group".to_owned()),
    ];
    known
        .into_iter()
        .find(|(known, _)| *known == code)
        .map(|(_, missing)| missing)
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(code) => write!(f, "{code:?}"),
            None => f.write_str("no code"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_becomes_what_there_is_to_do() {
        let meaning = |code| Code(Some(code)).meaning("publishing", Some("t"));
        assert_eq!(meaning(K::AllBrokersDown).kind(), "unreachable");
        let missing = meaning(K::TopicAuthorizationFailed);
        assert!(
            missing.to_string().contains("grant WRITE on Topic t"),
            "{missing}"
        );
        assert!(missing.is_transient());
        assert!(!meaning(K::MessageSizeTooLarge).is_transient());
        assert_eq!(meaning(K::InvalidRequest).kind(), "refused");
        assert_eq!(meaning(K::SSL).kind(), "not_trusted");
        let clock = meaning(K::InvalidTimestamp);
        assert!(
            clock.is_transient() && !clock.blames_message(),
            "a clock that is wrong is wrong for every message, and is set right"
        );
    }
}
