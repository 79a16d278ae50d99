//! What the client library tells on the way: partitions come and go, commits fail, brokers are away.
//!
//! It promises that a partition that is taken away ends in order first, within a bound, with what it
//! finished stored for the commit that the library makes then; and that of a lost partition nothing
//! is stored. All of it runs on the reader's thread.

use std::sync::Arc;

use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError as ClientError, KafkaResult, RDKafkaErrorCode};
use rdkafka::statistics::Statistics;

use super::Fault;
use super::assignment::{Assignment, finished, let_end};
use super::offsets::{self, Place};
use super::shared::Shared;
use crate::connect::said;

pub(super) struct Context {
    pub(super) shared: Arc<Shared>,
    pub(super) assignment: Arc<Assignment>,
}

fn places(list: &TopicPartitionList) -> Vec<Place> {
    let elements = list.elements();
    let place = elements
        .iter()
        .map(|one| (one.topic().to_owned(), one.partition()));
    place.collect()
}

impl Context {
    fn taken(&self, consumer: &BaseConsumer<Self>, places: &[Place]) {
        if self.assignment.is_retired() {
            return;
        }
        let partitions = self.assignment.take(places);
        let lost = || consumer.assignment_lost();
        let early = || lost() || self.shared.aborted.is_cancelled();
        let_end(&partitions, self.shared.options.revoke_grace, early);
        let lost = lost();
        let noted = if lost {
            offsets::forget(consumer, places)
        } else if self.shared.aborted.is_cancelled() {
            Ok(())
        } else {
            offsets::store(consumer, &finished(&partitions))
        };
        if let Err(cause) = noted {
            tracing::debug!(%cause, lost, "offsets of partitions that were taken are not stored");
        }
        if !places.is_empty() {
            self.shared.board.revoked(places, lost);
        }
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        said(level, facility, line);
    }

    /// The reader is told the same by its next poll.
    fn error(&self, _: ClientError, _: &str) {}

    fn stats(&self, statistics: Statistics) {
        let mut brokers = statistics.brokers.values();
        let reachable = brokers.any(|broker| broker.state == "UP");
        let lag = self.assignment.all().into_iter().map(|partition| {
            let (topic, number) = &partition.place;
            let partition = statistics.topics.get(topic)?.partitions.get(number)?;
            // A group that has committed nothing begins at the beginning.
            let done = match partition.committed_offset {
                known @ 0.. => known,
                _ => partition.lo_offset,
            };
            let known = done >= 0 && partition.ls_offset >= 0;
            known.then(|| u64::try_from(partition.ls_offset - done).unwrap_or(0))
        });
        self.shared.board.heard(reachable, lag.sum());
    }
}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            // Before the library knows of them, so that no message comes to a place without a book.
            Rebalance::Assign(list) => self.assignment.add(&places(list)),
            Rebalance::Revoke(list) => self.taken(consumer, &places(list)),
            Rebalance::Error(cause) => tracing::debug!(%cause, "a rebalance failed"),
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(list) = rebalance {
            // A pause outlives the assignment in which it was made.
            if let Err(cause) = consumer.resume(list) {
                tracing::debug!(%cause, "new partitions were not resumed");
            }
            self.shared.board.assigned(&places(list));
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        let Err(cause) = result else { return };
        let code = cause
            .rdkafka_error_code()
            .unwrap_or(RDKafkaErrorCode::Unknown);
        // There was nothing new to commit.
        if code != RDKafkaErrorCode::NoOffset {
            self.shared.board.complaint(Fault::Commit, code);
        }
    }
}
