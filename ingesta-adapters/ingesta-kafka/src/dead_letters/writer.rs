//! Writes to dead topics and back to the topics that dead letters came from, one message at a time.
//!
//! It promises that an `Ok` is the acknowledgement of all replicas, and that a dead topic keeps its
//! letters: it is made, compacted, before the first one is written. A broker that is away is an error
//! after half a minute; whoever writes tries again, and a letter that was written twice is one letter.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::letter::wrap;
use crate::connect::{KafkaError, KafkaOptions};
use crate::message::IncomingMessage;
use crate::producer::{Compression, ProducerOptions, Publisher, Record};
use crate::topics::{Cleanup, Copies, TopicSpec, ensure};

/// The largest letter. A message that its topic took may fill a default limit to the last byte, and
/// its letter has the reason besides.
const LARGEST: u32 = 64 * 1024 * 1024;

/// How long the broker may take to make a topic or to acknowledge a message.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

pub(crate) struct Writer {
    kafka: KafkaOptions,
    copies: Copies,
    /// It makes its client at the first letter: most programs never write one.
    publisher: Publisher,
    /// Dead topics that are known to be there.
    ensured: Mutex<HashSet<String>>,
}

impl Writer {
    /// `copies`: of a dead topic that is made here.
    pub(crate) fn new(kafka: &KafkaOptions, copies: Copies) -> Result<Self, KafkaError> {
        let options = ProducerOptions {
            // There is no company to wait for.
            linger_ms: 0,
            compression: Compression::None,
            message_max_bytes: LARGEST,
            ..ProducerOptions::default()
        };
        Ok(Self {
            kafka: kafka.clone(),
            copies,
            publisher: Publisher::new(kafka, options)?,
            ensured: Mutex::default(),
        })
    }

    /// Puts a message aside, with the reason.
    pub(crate) async fn write(
        &self,
        message: &IncomingMessage,
        group: &str,
        code: &str,
        reason: &str,
    ) -> Result<(), KafkaError> {
        let letter = wrap(message, group, code, reason);
        self.ensure(&letter.topic).await?;
        self.send(Record::from(&letter)).await
    }

    async fn ensure(&self, topic: &str) -> Result<(), KafkaError> {
        if self.ensured().contains(topic) {
            return Ok(());
        }
        let spec = TopicSpec {
            cleanup: Cleanup::Compact,
            max_message_bytes: Some(LARGEST),
            ..TopicSpec::new(topic, 1).with_copies(self.copies)
        };
        for ensured in ensure(&self.kafka, &[spec], ANSWER_WITHIN).await? {
            for difference in ensured.differences {
                tracing::warn!(topic, %difference, "a topic of dead letters is not as it should be");
            }
        }
        self.ensured().insert(topic.to_owned());
        Ok(())
    }

    fn ensured(&self) -> MutexGuard<'_, HashSet<String>> {
        self.ensured.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes one record and waits for its acknowledgement.
    pub(super) async fn send(&self, record: Record<'_>) -> Result<(), KafkaError> {
        let written = self.publisher.write(record);
        let written = tokio::time::timeout(ANSWER_WITHIN, written).await;
        let written = written.unwrap_or_else(|_| {
            Err(KafkaError::Unreachable {
                attempted: "writing a dead letter",
                code: "MessageTimedOut".to_owned(),
            })
        });
        // The topic may have been deleted under us.
        if matches!(written, Err(KafkaError::UnknownTopic { .. })) {
            self.ensured().remove(record.topic);
        }
        written
    }
}
