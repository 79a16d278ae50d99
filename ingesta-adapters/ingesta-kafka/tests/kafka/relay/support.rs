//! A log in memory, a relay that copies it, and a reader of whole topics.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ingesta_event_store::subscription::{Runner, RunnerHandle, RunnerOptions, Subscriber};
use ingesta_event_store::{
    Append, MemoryStorage, NewEvent, Position, RecordedEvent, Storage, StreamAppend, StreamId,
    SubscriptionStorage,
};
use ingesta_kafka::connect::KafkaOptions;
use ingesta_kafka::message::{Header, OutgoingMessage};
use ingesta_kafka::relay::{Translate, TranslateError, Untranslatable};
use ingesta_kafka::topics::{TopicSpec, ensure};
use ingesta_testing::{PATIENCE, eventually};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Headers;
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A name that no other test has.
pub(crate) fn unique(name: &str) -> String {
    format!("{name}-{}", Uuid::now_v7().simple())
}

/// The shared broker; `None` where tests without one are skipped by choice.
pub(crate) async fn broker() -> Option<KafkaOptions> {
    let brokers = ingesta_testing::services::kafka_or_skip().await.unwrap();
    brokers.map(KafkaOptions::new)
}

/// A topic of the test's own.
pub(crate) async fn topic(kafka: &KafkaOptions, name: &str, partitions: i32) -> String {
    let spec = TopicSpec::new(unique(name), partitions);
    ensure(kafka, std::slice::from_ref(&spec), PATIENCE)
        .await
        .unwrap();
    spec.name
}

/// Every event becomes one message: key and name of the aggregate, payload as it is.
///
/// A payload that asks for it is refused, panics, or is blown up.
pub(crate) struct Copy {
    pub(crate) topic: String,
}

#[async_trait]
impl Translate for Copy {
    async fn messages(
        &self,
        event: &RecordedEvent,
    ) -> Result<Vec<OutgoingMessage>, TranslateError> {
        assert!(!event.payload.contains("panic"), "asked for");
        if event.payload.contains("refuse") {
            let why = Untranslatable::new("unknown_type", "no message for this type");
            return Err(why.into());
        }
        let mut value = event.payload.clone().into_bytes();
        if event.payload.contains("blow up") {
            value.resize(5_000_000, b'x');
        }
        Ok(vec![OutgoingMessage {
            topic: self.topic.clone(),
            key: event.stream.aggregate_id.clone().into_bytes(),
            value: Some(value),
            headers: vec![Header {
                name: "ce_id".into(),
                value: event.id().into_bytes(),
            }],
            timestamp: event.recorded_at,
        }])
    }
}

/// One more event with this payload, an object or a word, on the stream of `id`, which has `version` events.
pub(crate) async fn append(store: &dyn Storage, id: &str, version: u64, payload: &str) -> Position {
    let payload = match payload.starts_with('{') {
        true => payload.to_owned(),
        false => format!("\"{payload}\""),
    };
    let event = NewEvent {
        event_type: "Happened".into(),
        event_version: "1".into(),
        payload,
        metadata: "{}".into(),
    };
    let append = Append {
        streams: vec![StreamAppend {
            stream: StreamId::new("thing", id),
            expected_version: version,
            events: vec![event],
        }],
        command: None,
    };
    store.append(append).await.unwrap().position
}

/// `each` events on each of `streams` streams, interleaved.
pub(crate) async fn fill(store: &dyn Storage, streams: u64, from: u64, each: u64) -> Position {
    let mut last = Position::START;
    for version in from..from + each {
        for stream in 0..streams {
            let payload = format!("{{\"stream\":{stream},\"sequence\":{}}}", version + 1);
            last = append(store, &format!("s{stream}"), version, &payload).await;
        }
    }
    last
}

/// Runs a subscriber on the log.
pub(crate) fn run(
    store: &Arc<impl Storage>,
    subscriber: Arc<dyn Subscriber>,
    batch_max: usize,
) -> (RunnerHandle, CancellationToken) {
    let options = RunnerOptions {
        batch_max,
        poll: Duration::from_millis(10),
        pause_max: Duration::from_millis(200),
        parked_poll: Duration::from_millis(20),
        retry_min: Duration::from_millis(20),
        ..RunnerOptions::default()
    };
    let shutdown = CancellationToken::new();
    let store: Arc<dyn Storage> = Arc::clone(store) as _;
    let handle = Runner::new(store, subscriber, options).spawn(shutdown.clone());
    (handle, shutdown)
}

/// Waits until the checkpoint is at `position`.
pub(crate) async fn reached(store: &impl SubscriptionStorage, name: &str, position: Position) {
    eventually("the checkpoint", async || {
        let checkpoint = store.checkpoint(name).await.unwrap();
        checkpoint.filter(|at| *at >= position)
    })
    .await;
}

/// The owner died without a word; its lease is over.
pub(crate) fn outlive_lease(store: &MemoryStorage) {
    store.clock().advance(Duration::from_secs(10));
}

/// A message as a stranger reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) key: String,
    pub(crate) value: Vec<u8>,
    pub(crate) id: String,
    pub(crate) timestamp: Option<i64>,
}

impl Seen {
    /// What a repetition must have of its first: all but its place.
    fn said(&self) -> (&str, &[u8], &str, Option<i64>) {
        (&self.key, &self.value, &self.id, self.timestamp)
    }
}

/// Everything that stands in a topic now for a reader of this isolation level.
pub(crate) async fn read_all(brokers: &str, topic: &str, isolation: &str) -> Vec<Seen> {
    let (brokers, topic, isolation) = (brokers.to_owned(), topic.to_owned(), isolation.to_owned());
    tokio::task::spawn_blocking(move || read(&brokers, &topic, &isolation))
        .await
        .unwrap()
}

fn read(brokers: &str, topic: &str, isolation: &str) -> Vec<Seen> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "reader")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("fetch.wait.max.ms", "10")
        .set("isolation.level", isolation)
        .create()
        .unwrap();
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).unwrap();
    let partitions = metadata.topics()[0].partitions();
    let mut all = TopicPartitionList::new();
    for partition in partitions {
        all.add_partition_offset(topic, partition.id(), Offset::Beginning)
            .unwrap();
    }
    consumer.assign(&all).unwrap();
    let (mut seen, mut open) = (Vec::new(), partitions.len());
    while open > 0 {
        match consumer.poll(PATIENCE).expect("the topic ends") {
            Err(rdkafka::error::KafkaError::PartitionEOF(_)) => open -= 1,
            Err(error) => panic!("{error}"),
            Ok(message) => {
                let header = message.headers().map(|headers| headers.get(0));
                let id = header.and_then(|header| header.value).unwrap_or_default();
                seen.push(Seen {
                    partition: message.partition(),
                    offset: message.offset(),
                    key: String::from_utf8(message.key().unwrap().to_vec()).unwrap(),
                    value: message.payload().unwrap_or_default().to_vec(),
                    id: String::from_utf8(id.to_vec()).unwrap(),
                    timestamp: message.timestamp().to_millis(),
                });
            }
        }
    }
    seen
}

/// Holds a topic against what was appended: nothing lost, first occurrences in order per key, each
/// repetition equal to its first, all of a key in one partition. Answers how many repetitions.
pub(crate) fn check(seen: &[Seen], streams: u64, each: u64) -> usize {
    let mut firsts: BTreeMap<&str, Vec<&Seen>> = BTreeMap::new();
    let mut repetitions = 0;
    for message in seen {
        let of_key = firsts.entry(&message.key).or_default();
        match of_key.iter().find(|first| first.id == message.id) {
            Some(first) => {
                assert_eq!(
                    first.said(),
                    message.said(),
                    "a repetition differs from its first"
                );
                repetitions += 1;
            }
            None => of_key.push(message),
        }
        assert!(
            of_key
                .iter()
                .all(|other| other.partition == message.partition)
        );
    }
    assert_eq!(
        firsts.len() as u64,
        streams,
        "a key is lost or was never there"
    );
    for (key, of_key) in firsts {
        let ids: Vec<_> = of_key.iter().map(|seen| seen.id.clone()).collect();
        let wanted: Vec<_> = (1..=each).map(|n| format!("thing/{key}/{n}")).collect();
        assert_eq!(ids, wanted, "lost or out of order");
    }
    repetitions
}
