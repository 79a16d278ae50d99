//! The settings of the transactional mode, and the topic that it needs.

use std::time::Duration;

use crate::producer::ProducerOptions;
use crate::topics::{Cleanup, TopicSpec};

/// How a [`super::TransactionalRelay`] behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionalOptions {
    /// As for the other mode; the window's count and bytes bound what the client holds.
    pub producer: ProducerOptions,
    /// The topic of places. Default `ingesta-relay-checkpoints`; several relays may share it.
    pub checkpoint_topic: String,
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
            transaction_timeout: Duration::from_secs(60),
            start_within: Duration::from_secs(10),
        }
    }
}

impl TransactionalOptions {
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
