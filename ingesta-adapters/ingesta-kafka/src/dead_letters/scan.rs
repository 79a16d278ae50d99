//! Reads a topic from its beginning to its end as of now, or single messages of it, without a group.
//!
//! It promises not to end early in silence: a broker that stops answering is an error. Nothing is
//! committed. All of it blocks, so it is called where blocking is allowed.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};

use crate::connect::{Code, KafkaError, KafkaOptions, heard, said};
use crate::message::IncomingMessage;
use crate::read::owned;

const READING: &str = "reading dead letters";

/// How long the broker may be silent.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

const POLL: Duration = Duration::from_millis(100);

/// What the client library says goes to its own target.
struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        said(level, facility, line);
    }

    fn error(&self, error: ClientError, _: &str) {
        heard(&error);
    }
}

impl ConsumerContext for Quiet {}

/// Where each partition of a topic ends.
pub(super) type Ends = BTreeMap<i32, i64>;

/// A place in a topic.
pub(super) type Spot = (i32, i64);

pub(super) struct Scan {
    topic: String,
    /// Taken only by the drop.
    consumer: Option<BaseConsumer<Quiet>>,
    /// Partitions that are not at their end yet.
    open: Ends,
    /// Where the next message comes from, when single ones are read.
    at: Option<Spot>,
}

impl Scan {
    pub(super) fn new(kafka: &KafkaOptions, topic: &str) -> Result<Self, KafkaError> {
        let mut config = kafka.client()?;
        config
            // Nobody joins this group: the client library assigns partitions to groups only.
            .set("group.id", "ingesta-dead-letters")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("isolation.level", "read_committed")
            .set("enable.partition.eof", "true")
            .set("check.crcs", "true")
            .set("queued.max.messages.kbytes", "16384");
        let made = config.create_with_context(Quiet);
        let consumer = made.map_err(|cause| KafkaError::of("making the consumer", &cause))?;
        Ok(Self {
            topic: topic.to_owned(),
            consumer: Some(consumer),
            open: Ends::new(),
            at: None,
        })
    }

    fn consumer(&self) -> &BaseConsumer<Quiet> {
        self.consumer.as_ref().expect("only the drop takes it")
    }

    fn meaning(&self, cause: &ClientError) -> KafkaError {
        Code::of(cause).to_reader(READING, &self.topic)
    }

    /// Why nobody answers, if the broker has said that it does not let this program in.
    fn refusal(&self) -> Option<KafkaError> {
        // Some of what is polled is no error, and shows as nothing.
        let polled = (0..64).filter_map(|_| self.consumer().poll(Duration::ZERO)?.err());
        let mut errors = polled.map(|cause| self.meaning(&cause));
        errors.find(KafkaError::is_refusal)
    }

    /// Where the topic ends now; empty where there is no such topic.
    pub(super) fn ends(&self) -> Result<Ends, KafkaError> {
        let metadata = self
            .consumer()
            .fetch_metadata(Some(&self.topic), ANSWER_WITHIN);
        let metadata = match metadata {
            Ok(metadata) => metadata,
            Err(cause) => return Err(self.refusal().unwrap_or_else(|| self.meaning(&cause))),
        };
        let found = metadata
            .topics()
            .iter()
            .find(|found| found.name() == self.topic);
        let Some(found) = found else {
            return Ok(Ends::new());
        };
        match found.error().map(RDKafkaErrorCode::from) {
            None => {}
            Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
                return Ok(Ends::new());
            }
            Some(code) => return Err(Code(Some(code)).to_reader(READING, &self.topic)),
        }
        let end = |partition: i32| {
            let marks = self
                .consumer()
                .fetch_watermarks(&self.topic, partition, ANSWER_WITHIN);
            let (_, end) = marks.map_err(|cause| self.meaning(&cause))?;
            Ok((partition, end))
        };
        found
            .partitions()
            .iter()
            .map(|partition| end(partition.id()))
            .collect()
    }

    /// Reads from the beginning up to `ends` from here on.
    pub(super) fn rewind(&mut self, ends: &Ends) -> Result<(), KafkaError> {
        self.open = ends.clone();
        self.open.retain(|_, end| *end > 0);
        let all: Vec<_> = self
            .open
            .keys()
            .map(|partition| (*partition, Offset::Beginning))
            .collect();
        self.assign(&all)
    }

    fn assign(&self, spots: &[(i32, Offset)]) -> Result<(), KafkaError> {
        let mut list = TopicPartitionList::with_capacity(spots.len());
        for (partition, offset) in spots {
            let added = list.add_partition_offset(&self.topic, *partition, *offset);
            added.map_err(|cause| self.meaning(&cause))?;
        }
        self.consumer()
            .assign(&list)
            .map_err(|cause| self.meaning(&cause))
    }

    /// The next message; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<IncomingMessage>, KafkaError> {
        while !self.open.is_empty() {
            let Some(message) = self.poll()? else {
                continue;
            };
            let Some(end) = self.open.get(&message.partition).copied() else {
                continue;
            };
            if message.offset + 1 >= end {
                self.open.remove(&message.partition);
            }
            if message.offset < end {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    /// The message at a spot; `None` where compaction took it.
    pub(super) fn get(
        &mut self,
        (partition, offset): Spot,
    ) -> Result<Option<IncomingMessage>, KafkaError> {
        if self.at != Some((partition, offset)) {
            self.assign(&[(partition, Offset::Offset(offset))])?;
        }
        self.open = Ends::from([(partition, i64::MAX)]);
        while !self.open.is_empty() {
            let Some(message) = self.poll()? else {
                continue;
            };
            if message.partition != partition || message.offset < offset {
                continue;
            }
            self.at = Some((partition, message.offset + 1));
            return Ok((message.offset == offset).then_some(message));
        }
        // The end of the partition came first.
        self.at = None;
        Ok(None)
    }

    /// The next message of any kind; `None` when something else has happened.
    fn poll(&mut self) -> Result<Option<IncomingMessage>, KafkaError> {
        let deadline = Instant::now() + ANSWER_WITHIN;
        let mut last = ClientError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut);
        while Instant::now() < deadline {
            let polled = self
                .consumer()
                .poll(POLL)
                .map(|polled| polled.map(|m| owned(&m)));
            match polled {
                Some(Ok(message)) => return Ok(Some(message)),
                Some(Err(ClientError::PartitionEOF(partition))) => {
                    self.open.remove(&partition);
                    return Ok(None);
                }
                // It joins no group, so it needs no permission on one.
                Some(Err(cause)) if Code::of(&cause).is_about_group() => {}
                Some(Err(cause)) => {
                    let error = self.meaning(&cause);
                    if !matches!(
                        error,
                        KafkaError::Unreachable { .. } | KafkaError::Busy { .. }
                    ) {
                        return Err(error);
                    }
                    last = cause;
                }
                None => {}
            }
        }
        Err(self.meaning(&last))
    }
}

impl Drop for Scan {
    fn drop(&mut self) {
        // It may block on a broker that is away; nothing depends on it.
        let consumer = self.consumer.take();
        let name = "kafka-consumer-drop".to_owned();
        if thread::Builder::new()
            .name(name)
            .spawn(move || drop(consumer))
            .is_err()
        {
            tracing::debug!("no thread to drop a consumer on: it was dropped here");
        }
    }
}
