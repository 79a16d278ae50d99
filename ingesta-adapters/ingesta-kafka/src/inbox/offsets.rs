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
    use super::*;

    #[test]
    fn what_is_stored_is_the_place_of_the_next_message() {
        assert_eq!(next(0), Offset::Offset(1));
        assert_eq!(next(41), Offset::Offset(42));
        let place = ("t".to_owned(), 2);
        let list = list(&[(place, next(41))]).expect("a list of one");
        let element = list.find_partition("t", 2).expect("it is there");
        assert_eq!(element.offset(), Offset::Offset(42));
    }
}
