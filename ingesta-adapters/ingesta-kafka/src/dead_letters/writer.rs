//! Writes to dead topics and back to the topics that dead letters came from, one message at a time.
//!
//! It promises that an `Ok` is the acknowledgement of all replicas, and that a dead topic keeps its
//! letters: it is made, compacted, before the first one is written. A broker that is away is an error
//! after half a minute; whoever writes tries again, and a letter that was written twice is one letter.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::KafkaError as ClientError;
use rdkafka::message::{Header as ClientHeader, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};

use super::letter::wrap;
use crate::connect::{Code, KafkaError, KafkaOptions, heard, said};
use crate::message::{Header, IncomingMessage, OutgoingMessage};
use crate::topics::{Cleanup, TopicSpec, ensure};

const WRITING: &str = "writing a dead letter";

/// The largest letter. A message that its topic took may fill a default limit to the last byte, and
/// its letter has the reason besides.
const LARGEST: u32 = 64 * 1024 * 1024;

/// How long the broker may take to make a topic or to acknowledge a message.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// A record to write.
pub(super) struct Record<'r> {
    pub(super) topic: &'r str,
    pub(super) key: Option<&'r [u8]>,
    pub(super) value: Option<&'r [u8]>,
    pub(super) headers: &'r [Header],
}

impl<'r> From<&'r OutgoingMessage> for Record<'r> {
    fn from(message: &'r OutgoingMessage) -> Self {
        Self {
            topic: &message.topic,
            key: Some(&message.key),
            value: message.value.as_deref(),
            headers: &message.headers,
        }
    }
}

pub(crate) struct Writer {
    kafka: KafkaOptions,
    config: ClientConfig,
    /// Made at the first letter: most programs never write one.
    producer: Mutex<Option<FutureProducer<Quiet>>>,
    /// Dead topics that are known to be there.
    ensured: Mutex<HashSet<String>>,
}

impl Writer {
    pub(crate) fn new(kafka: &KafkaOptions) -> Result<Self, KafkaError> {
        let mut config = kafka.client()?;
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("partitioner", "murmur2_random")
            .set("message.max.bytes", LARGEST.to_string())
            .set("message.timeout.ms", ANSWER_WITHIN.as_millis().to_string());
        Ok(Self {
            kafka: kafka.clone(),
            config,
            producer: Mutex::default(),
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
            ..TopicSpec::new(topic, 1)
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
        let meaning = |cause: &ClientError| Code::of(cause).meaning(WRITING, Some(record.topic));
        let producer = self.producer()?;
        let mut entry = FutureRecord::<[u8], [u8]>::to(record.topic).headers(owned(record.headers));
        entry.key = record.key;
        entry.payload = record.value;
        let delivery = producer
            .send_result(entry)
            .map_err(|(cause, _)| meaning(&cause))?;
        match delivery.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err((cause, _))) => {
                let error = meaning(&cause);
                // The topic may have been deleted under us.
                if matches!(error, KafkaError::UnknownTopic { .. }) {
                    self.ensured().remove(record.topic);
                }
                Err(error)
            }
            Err(_) => Err(KafkaError::Broken {
                attempted: WRITING,
                code: "Canceled".to_owned(),
            }),
        }
    }

    /// The producer, made anew where the last one cannot go on.
    fn producer(&self) -> Result<FutureProducer<Quiet>, KafkaError> {
        let mut slot = self.producer.lock().unwrap_or_else(PoisonError::into_inner);
        if slot
            .as_ref()
            .is_some_and(|producer| producer.client().fatal_error().is_some())
        {
            let_go(slot.take());
        }
        if let Some(producer) = &*slot {
            return Ok(producer.clone());
        }
        let made: Result<FutureProducer<Quiet>, _> = self.config.create_with_context(Quiet);
        let made = made.map_err(|cause| KafkaError::of("making the producer", &cause))?;
        Ok(slot.insert(made).clone())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let slot = self
            .producer
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let_go(slot.take());
    }
}

/// The client library's drop may block for a while: not where futures run.
fn let_go(producer: Option<FutureProducer<Quiet>>) {
    let Some(producer) = producer else { return };
    let name = "kafka-producer-drop".to_owned();
    let spawned = std::thread::Builder::new()
        .name(name)
        .spawn(move || drop(producer));
    if spawned.is_err() {
        tracing::debug!("no thread to drop a producer on: it was dropped here");
    }
}

fn owned(headers: &[Header]) -> OwnedHeaders {
    let all = OwnedHeaders::new_with_capacity(headers.len());
    headers.iter().fold(all, |all, header| {
        all.insert(ClientHeader {
            key: &header.name,
            value: Some(&header.value),
        })
    })
}

/// What the client library says goes to its own target.
pub(super) struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        said(level, facility, line);
    }

    fn error(&self, error: ClientError, _: &str) {
        heard(&error);
    }
}
