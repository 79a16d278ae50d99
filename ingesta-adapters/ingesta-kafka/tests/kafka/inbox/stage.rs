//! A topic of its own for a test, somebody who writes to it, and inboxes that read it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ingesta_kafka::connect::KafkaOptions;
use ingesta_kafka::dead_letters::DeadLetters;
use ingesta_kafka::inbox::{Inbox, InboxHandle, InboxOptions};
use ingesta_kafka::topics::{TopicSpec, ensure};
use ingesta_testing::services::kafka_or_skip;
use ingesta_testing::{PATIENCE, eventually};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::util::Timeout;
use rdkafka::{Offset, TopicPartitionList};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Probe;

pub(crate) struct Stage {
    pub(crate) kafka: KafkaOptions,
    pub(crate) topic: String,
    pub(crate) group: String,
    producer: FutureProducer,
    partitions: i32,
}

/// An inbox of a test, and what ends it.
pub(crate) struct Member {
    pub(crate) inbox: InboxHandle,
    pub(crate) shutdown: CancellationToken,
}

impl Member {
    /// Ends it in order; true if it left in time.
    pub(crate) async fn leave(self) -> bool {
        self.shutdown.cancel();
        self.inbox.join().await
    }
}

/// What to write.
pub(crate) struct Line<'l> {
    pub(crate) partition: i32,
    pub(crate) key: Option<&'l str>,
    pub(crate) value: Option<&'l [u8]>,
}

impl Stage {
    /// On the shared broker; `None` where tests may be skipped and it is not there.
    pub(crate) async fn new(partitions: i32) -> Option<Self> {
        let brokers = kafka_or_skip().await.expect("a broker for the test")?;
        Some(Self::on(&brokers, partitions).await)
    }

    pub(crate) async fn on(brokers: &str, partitions: i32) -> Self {
        let stage = Self::without_topic(brokers, partitions);
        stage.create().await;
        stage
    }

    pub(crate) fn without_topic(brokers: &str, partitions: i32) -> Self {
        let unique = Uuid::now_v7().simple();
        let producer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("enable.idempotence", "true")
            .set("linger.ms", "1")
            .set("message.max.bytes", "2000000")
            .create()
            .expect("a producer");
        Self {
            kafka: KafkaOptions::new(brokers),
            topic: format!("inbox-{unique}"),
            group: format!("group-{unique}"),
            producer,
            partitions,
        }
    }

    /// Over a topic and a group of one partition that somebody else has made.
    pub(crate) fn existing(brokers: &str, topic: &str, group: &str) -> Self {
        Self {
            topic: topic.to_owned(),
            group: group.to_owned(),
            ..Self::without_topic(brokers, 1)
        }
    }

    pub(crate) async fn create(&self) {
        let spec = TopicSpec::new(&self.topic, self.partitions);
        let made = ensure(&self.kafka, &[spec], PATIENCE).await;
        made.expect("the topic is made");
    }

    pub(crate) async fn write(&self, line: Line<'_>) -> i64 {
        self.write_with(line, None).await
    }

    /// Writes, and waits until it is written; tells the offset.
    pub(crate) async fn write_with(&self, line: Line<'_>, ce_id: Option<&str>) -> i64 {
        let mut record = FutureRecord::<str, [u8]>::to(&self.topic).partition(line.partition);
        record.key = line.key;
        record.payload = line.value;
        let headers = ce_id.map(|id| {
            OwnedHeaders::new().insert(Header {
                key: "ce_id",
                value: Some(id),
            })
        });
        record.headers = headers;
        let written = self.producer.send(record, Timeout::Never).await;
        written.map(|at| at.offset).expect("the message is written")
    }

    /// Numbered messages over some keys and all partitions, each key on one partition, in order;
    /// all are written when it returns.
    pub(crate) async fn write_numbers(&self, numbers: std::ops::Range<u64>, keys: u64) {
        let mut under_way = Vec::new();
        for number in numbers {
            let (key, value) = (format!("k{}", number % keys), number.to_string());
            let partition = i32::try_from(number % keys).expect("few keys") % self.partitions;
            let record = FutureRecord::to(&self.topic)
                .partition(partition)
                .key(&key)
                .payload(&value);
            let sent = self.producer.send_result(record);
            under_way.push(
                sent.map_err(|(cause, _)| cause)
                    .expect("the queue has room"),
            );
        }
        for sent in under_way {
            let written = sent.await.expect("the producer lives");
            written
                .map_err(|(cause, _)| cause)
                .expect("the message is written");
        }
    }

    pub(crate) fn options(&self) -> InboxOptions {
        InboxOptions {
            session_timeout: Duration::from_secs(6),
            commit_every: Duration::from_millis(100),
            retry_min: Duration::from_millis(10),
            retry_max: Duration::from_millis(100),
            ..InboxOptions::new(&self.group, [&self.topic])
        }
    }

    pub(crate) fn member(&self, probe: &Arc<Probe>) -> Member {
        self.member_with(self.options(), probe)
    }

    pub(crate) fn member_with(&self, options: InboxOptions, probe: &Arc<Probe>) -> Member {
        let shutdown = CancellationToken::new();
        let inbox = Inbox::new(&self.kafka, options, Arc::<Probe>::clone(probe));
        let inbox = inbox
            .expect("the options are sound")
            .spawn(shutdown.clone());
        Member {
            inbox: inbox.expect("it starts"),
            shutdown,
        }
    }

    pub(crate) fn dead_letters(&self) -> DeadLetters {
        DeadLetters::new(&self.kafka).expect("the options are sound")
    }

    /// Waits until the only partition's committed end is at least this, and tells it.
    pub(crate) async fn committed_end(&self, least: i64) -> i64 {
        let end = async || {
            let end = self.committed().get(&0).copied()?;
            (end >= least).then_some(end)
        };
        eventually(&format!("{least} is committed"), end).await
    }

    /// What the group has committed, by partition; nothing for those without.
    pub(crate) fn committed(&self) -> BTreeMap<i32, i64> {
        let asker: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.kafka.brokers)
            .set("group.id", &self.group)
            .create()
            .expect("a consumer that asks");
        let mut places = TopicPartitionList::new();
        places.add_partition_range(&self.topic, 0, self.partitions - 1);
        let told = asker
            .committed_offsets(places, PATIENCE)
            .expect("the broker tells");
        let told = told.elements();
        let offset = |at: Offset| match at {
            Offset::Offset(offset) => Some(offset),
            Offset::Beginning
            | Offset::End
            | Offset::Stored
            | Offset::Invalid
            | Offset::OffsetTail(_) => None,
        };
        told.iter()
            .filter_map(|place| Some((place.partition(), offset(place.offset())?)))
            .collect()
    }
}
