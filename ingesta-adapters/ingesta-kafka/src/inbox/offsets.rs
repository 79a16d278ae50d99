//! The one place that hands offsets to the client library.
//!
//! It promises that what is stored is the place of the *next* message, as the broker understands it,
//! and never one of a partition that was lost. The library commits what is stored by its clock, when
//! a partition is given away and when it closes; nothing here waits for the broker.

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::{Offset, TopicPartitionList};

/// A partition of a topic.
pub(super) type Place = (String, i32);

/// Where a successor goes on after the message at `last`.
///
/// Of the library's calls one adds this one itself (`store_offset`) and one does not
/// (`store_offsets`); only the second is used, and only here.
fn next(last: i64) -> Offset {
    Offset::Offset(last + 1)
}

fn list(places: &[(Place, Offset)]) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::with_capacity(places.len());
    for ((topic, partition), offset) in places {
        list.add_partition_offset(topic, *partition, *offset)?;
    }
    Ok(list)
}

/// Partitions without any offset, as pausing and resuming want them.
pub(super) fn places(places: &[Place]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(places.len());
    for (topic, partition) in places {
        list.add_partition(topic, *partition);
    }
    list
}

/// Stores that everything up to these messages is finished.
pub(super) fn store<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    finished: &[(Place, i64)],
) -> Result<(), KafkaError> {
    if finished.is_empty() {
        return Ok(());
    }
    let next: Vec<_> = finished
        .iter()
        .map(|(place, last)| (place.clone(), next(*last)))
        .collect();
    consumer.store_offsets(&list(&next)?)
}

/// Takes back what was stored of partitions that were lost.
///
/// The library forgets on its way out of a lost assignment that it was lost, and would commit what
/// was stored before; their new owner may be further by then.
pub(super) fn forget<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    lost: &[Place],
) -> Result<(), KafkaError> {
    if lost.is_empty() {
        return Ok(());
    }
    let nothing: Vec<_> = lost
        .iter()
        .map(|place| (place.clone(), Offset::Invalid))
        .collect();
    consumer.store_offsets(&list(&nothing)?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rdkafka::config::ClientConfig;
    use rdkafka::consumer::CommitMode;
    use rdkafka::error::RDKafkaErrorCode;
    use rdkafka::mocking::MockCluster;
    use rdkafka::producer::DefaultProducerContext;

    use super::*;

    #[test]
    fn what_is_stored_is_the_place_of_the_next_message() {
        assert_eq!(next(0), Offset::Offset(1));
        assert_eq!(next(41), Offset::Offset(42));
    }

    /// A consumer of the library's own cluster that has one partition.
    fn consumer(cluster: &MockCluster<'_, DefaultProducerContext>) -> BaseConsumer {
        cluster.create_topic("t", 1, 1).expect("a topic");
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", cluster.bootstrap_servers())
            .set("group.id", "g")
            .set("enable.auto.offset.store", "false")
            .set("enable.auto.commit", "false")
            .create()
            .expect("a consumer");
        let mut list = TopicPartitionList::new();
        let added = list.add_partition_offset("t", 0, Offset::Beginning);
        added.expect("a list of one");
        consumer.assign(&list).expect("it is assigned");
        consumer
    }

    #[test]
    fn what_is_committed_is_what_was_stored_and_nothing_once_it_is_forgotten() {
        let cluster = MockCluster::new(1).expect("a cluster");
        let consumer = consumer(&cluster);
        let place = ("t".to_owned(), 0);
        store(&consumer, &[(place.clone(), 41)]).expect("it is stored");
        let commit = || consumer.commit_consumer_state(CommitMode::Sync);
        commit().expect("it is committed");
        let committed = consumer
            .committed(Duration::from_secs(60))
            .expect("the cluster tells");
        let place_of = committed.find_partition("t", 0).expect("it is there");
        assert_eq!(place_of.offset(), Offset::Offset(42));

        store(&consumer, &[(place.clone(), 50)]).expect("it is stored");
        forget(&consumer, &[place]).expect("it is forgotten");
        let nothing = KafkaError::ConsumerCommit(RDKafkaErrorCode::NoOffset);
        assert_eq!(commit(), Err(nothing));
    }
}
