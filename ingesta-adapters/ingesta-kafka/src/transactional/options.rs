//! The settings of the transactional mode, and the topic that it needs.

use std::time::Duration;

use crate::connect::KafkaError;
use crate::producer::ProducerOptions;
use crate::topics::{Cleanup, TopicSpec};

/// How a [`super::TransactionalRelay`] behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionalOptions {
    /// As for the other mode; the window's count and bytes bound what the client holds.
    pub producer: ProducerOptions,
    /// The topic of places. Default `ingesta-relay-checkpoints`; several relays may share it.
    pub checkpoint_topic: String,
    /// The name of this installation among all that use the same brokers, the same for all of its
    /// servers: `[A-Za-z0-9._-]`, 1 to 100 characters. It is part of the transactional id
    /// (`ingesta-relay-INSTALLATION-NAME`) and of the key of the places. Default `None`: what the
    /// store says of itself ([`EventStorage::identity`](ingesta_event_store::EventStorage::identity)).
    /// Choose one before a log moves to another database or where a physical copy of one is in use
    /// beside it; with another name the relay begins where the store's checkpoint is.
    pub installation: Option<String>,
    /// How long the broker leaves a transaction open that nobody ends. Default 60 s, from 5 s to
    /// 15 min. Readers behind it wait that long if its relay is gone and none takes over.
    pub transaction_timeout: Duration,
    /// How long a new owner tries to reach the broker before the first event. Default 10 s.
    pub start_within: Duration,
}

impl Default for TransactionalOptions {
    fn default() -> Self {
        Self {
            producer: ProducerOptions::default(),
            checkpoint_topic: "ingesta-relay-checkpoints".to_owned(),
            installation: None,
            transaction_timeout: Duration::from_secs(60),
            start_within: Duration::from_secs(10),
        }
    }
}

impl TransactionalOptions {
    pub(super) fn check(&self) -> Result<(), KafkaError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let fits = |name: &String| (1..=100).contains(&name.len()) && name.chars().all(allowed);
        if self.installation.as_ref().is_none_or(fits) {
            return Ok(());
        }
        Err(KafkaError::Settings {
            what: "the installation's name: 1 to 100 of A-Z, a-z, 0-9, `.`, `_`, `-`".to_owned(),
        })
    }

    pub(super) fn timeout_ms(&self) -> u128 {
        let within = (Duration::from_secs(5), Duration::from_secs(900));
        self.transaction_timeout
            .clamp(within.0, within.1)
            .as_millis()
    }
}

/// The topic of places: one partition, of which the newest message per key stays.
///
/// Its log files are small, because the whole topic is read at every start and compaction spares
/// the newest file.
#[must_use]
pub fn checkpoint_topic(options: &TransactionalOptions) -> TopicSpec {
    TopicSpec {
        cleanup: Cleanup::Compact,
        segment_bytes: Some(4 * 1024 * 1024),
        ..TopicSpec::new(&options.checkpoint_topic, 1)
    }
}
