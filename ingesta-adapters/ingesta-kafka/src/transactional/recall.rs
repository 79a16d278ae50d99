//! Reads the places back: everything that is committed, and nothing that is not.
//!
//! Several relays may share the topic, so somebody else's open transaction can stand before our
//! committed place and hide it. It is waited for: first how far the topic goes at all is asked, then
//! the committed part is waited for to come that far, then it is read. Blocking.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rdkafka::Message;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Kafka};
use rdkafka::{Offset, TopicPartitionList};

use super::context::Context;
use super::ledger::Ledger;
use super::places::Place;
use crate::connect::{Code, KafkaError};

const READING: &str = "reading the relay's place";
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// What the topic says of a relay.
pub(super) fn recall(
    config: &ClientConfig,
    context: &Context,
    topic: &str,
    relay: &str,
    cancelled: &AtomicBool,
) -> Result<Ledger, KafkaError> {
    let all = reader(config, context, relay, "read_uncommitted")?;
    let committed = reader(config, context, relay, "read_committed")?;
    let partitions = partitions(&all, topic)?;
    let mut assignment = TopicPartitionList::new();
    for partition in 0..partitions {
        let end = end(&all, topic, partition)?;
        while self::end(&committed, topic, partition)? < end {
            going_on(cancelled)?;
            std::thread::park_timeout(Duration::from_millis(20));
        }
        assignment
            .add_partition_offset(topic, partition, Offset::Beginning)
            .map_err(failed(topic))?;
    }
    committed.assign(&assignment).map_err(failed(topic))?;

    let (mut ledger, mut open) = (Ledger::default(), partitions);
    while open > 0 {
        going_on(cancelled)?;
        match committed.poll(Duration::from_millis(200)) {
            None => {}
            Some(Err(ClientError::PartitionEOF(_))) => open -= 1,
            // It joins no group and stores no offset, so it needs no permission on one.
            Some(Err(cause)) if Code::of(&cause).is_about_group() => {}
            Some(Err(cause)) => {
                let error = failed(topic)(cause);
                if !error.is_about_connection() {
                    return Err(error);
                }
                context.gauges().trouble(&error);
            }
            Some(Ok(message)) => {
                let key = message.key().unwrap_or_default();
                let place = Place::decode(relay, key, message.payload());
                let place = place.map_err(|_| KafkaError::Refused {
                    attempted: READING,
                    code: format!("unreadable place at {topic}/{}", message.offset()),
                })?;
                place.into_iter().for_each(|place| ledger.read(place));
            }
        }
    }
    Ok(ledger)
}

fn reader(
    config: &ClientConfig,
    context: &Context,
    relay: &str,
    isolation: &str,
) -> Result<BaseConsumer<Context>, KafkaError> {
    let mut config = config.clone();
    config
        // The client wants a name for a reader; it joins no group and stores no offset.
        .set("group.id", format!("{relay}-places"))
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true")
        // The end of the topic is told by an empty answer, which need not be waited for.
        .set("fetch.wait.max.ms", "10")
        .set("isolation.level", isolation);
    config
        .create_with_context(context.clone())
        .map_err(|cause| KafkaError::of("making the reader of places", &cause))
}

fn partitions(reader: &BaseConsumer<Context>, topic: &str) -> Result<i32, KafkaError> {
    let metadata = reader
        .fetch_metadata(Some(topic), ANSWER_WITHIN)
        .map_err(failed(topic))?;
    let found = metadata.topics().iter().find(|found| found.name() == topic);
    let unknown = || Code(Some(Kafka::UnknownTopicOrPartition)).meaning(READING, Some(topic));
    let found = found.ok_or_else(unknown)?;
    match found.error() {
        Some(code) => Err(Code(Some(code.into())).to_reader(READING, topic)),
        None if found.partitions().is_empty() => Err(unknown()),
        None => Ok(i32::try_from(found.partitions().len()).unwrap_or(i32::MAX)),
    }
}

fn end(reader: &BaseConsumer<Context>, topic: &str, part: i32) -> Result<i64, KafkaError> {
    let marks = reader.fetch_watermarks(topic, part, ANSWER_WITHIN);
    marks.map(|(_, end)| end).map_err(failed(topic))
}

fn failed(topic: &str) -> impl Fn(ClientError) -> KafkaError {
    move |cause| Code::of(&cause).to_reader(READING, topic)
}

/// An error where nobody waits any more.
pub(super) fn going_on(cancelled: &AtomicBool) -> Result<(), KafkaError> {
    if cancelled.load(Ordering::Relaxed) {
        return Err(KafkaError::Broken {
            attempted: READING,
            code: "abandoned".to_owned(),
        });
    }
    Ok(())
}
