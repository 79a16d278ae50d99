//! The transactional mode: a `read_committed` reader sees each event exactly once.

use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::{MemoryStorage, StreamId, SubscriptionStorage};
use ingesta_kafka::connect::KafkaOptions;
use ingesta_kafka::topics::{TopicSpec, ensure};
use ingesta_kafka::transactional::{TransactionalOptions, TransactionalRelay, checkpoint_topic};
use ingesta_testing::{PATIENCE, eventually};

use super::kills::Dies;
use super::support::{
    Copy, append, broker, check, fill, outlive_lease, reached, read_all, run, topic, unique,
};

pub(crate) struct Set {
    pub(crate) name: String,
    pub(crate) kafka: KafkaOptions,
    pub(crate) topic: String,
    pub(crate) options: TransactionalOptions,
    pub(crate) store: Arc<MemoryStorage>,
}

impl Set {
    pub(crate) async fn new(kafka: KafkaOptions, name: &str) -> Self {
        let options = TransactionalOptions {
            checkpoint_topic: unique("places"),
            ..TransactionalOptions::default()
        };
        Self::with(kafka, name, options).await
    }

    /// Another relay and log, and the same topic of places.
    pub(crate) async fn beside(other: &Self) -> Self {
        Self::with(other.kafka.clone(), "beside", other.options.clone()).await
    }

    async fn with(kafka: KafkaOptions, name: &str, options: TransactionalOptions) -> Self {
        ensure(&kafka, &[checkpoint_topic(&options)], PATIENCE)
            .await
            .unwrap();
        Self {
            name: unique(name),
            topic: topic(&kafka, name, 3).await,
            kafka,
            options,
            store: Arc::new(MemoryStorage::new()),
        }
    }

    pub(crate) fn relay(&self) -> TransactionalRelay<Copy> {
        let copy = Copy {
            topic: self.topic.clone(),
        };
        let store = self.store.clone();
        TransactionalRelay::new(&self.name, copy, store, &self.kafka, self.options.clone()).unwrap()
    }

    pub(crate) async fn seen(&self) -> Vec<super::support::Seen> {
        read_all(&self.kafka.brokers, &self.topic, "read_committed").await
    }

    /// Kills one life after `passes` stored batches, with one more committed in Kafka only.
    async fn die(&self, passes: usize, batch: usize) {
        let dying = Dies::after(passes, self.relay());
        let (runner, _shutdown) = run(&self.store, dying.clone(), batch);
        dying.published.notified().await;
        runner.abort();
        runner.join().await;
        outlive_lease(&self.store);
    }

    pub(crate) async fn finish(&self, last: ingesta_event_store::Position) {
        let (runner, shutdown) = run(&self.store, Arc::new(self.relay()), 100);
        reached(&*self.store, &self.name, last).await;
        shutdown.cancel();
        runner.join().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t_09_in_transactions_two_hundred_deaths_repeat_nothing() {
    const RELAYS: u64 = 8;
    const DEATHS: u64 = 25;
    let Some(kafka) = broker().await else { return };
    // Side by side, with one topic of places, so that open transactions of others stand in it too.
    let first = Set::new(kafka, "t09x").await;
    let (side_by_side, mut relays) = (tokio::task::LocalSet::new(), Vec::new());
    for _ in 0..RELAYS {
        let set = Set::beside(&first).await;
        relays.push(side_by_side.spawn_local(async move {
            let last = fill(&*set.store, 20, 0, DEATHS + 5).await;
            for _ in 0..DEATHS {
                set.die(1, 10).await;
            }
            set.finish(last).await;
            let repetitions = check(&set.seen().await, 20, DEATHS + 5);
            assert_eq!(repetitions, 0, "each event exactly once");
        }));
    }
    side_by_side.await;
    for relay in relays {
        relay.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t_10_deaths_in_the_middle_of_a_transaction_repeat_nothing_for_committed_readers() {
    let Some(kafka) = broker().await else { return };
    let set = Set::new(kafka, "t10").await;
    let last = fill(&*set.store, 20, 0, 60).await;
    for death in 0..10 {
        let relay = Arc::new(set.relay());
        let gauges = relay.gauges();
        let (runner, _shutdown) = run(&set.store, relay, 40);
        eventually("a transaction under way", async || {
            (gauges.read().published > death * 7).then_some(())
        })
        .await;
        runner.abort();
        runner.join().await;
        outlive_lease(&set.store);
    }
    set.finish(last).await;
    assert_eq!(check(&set.seen().await, 20, 60), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_stream_is_published_once_when_it_is_resumed_whoever_died_meanwhile() {
    let Some(kafka) = broker().await else { return };
    let set = Set::new(kafka, "parked").await;
    append(&*set.store, "bad", 0, "refuse").await;
    append(&*set.store, "bad", 1, "{}").await;
    append(&*set.store, "good", 0, "{}").await;
    // The rest of the batch is committed in Kafka, and neither the parking nor the checkpoint here.
    set.die(0, 100).await;
    let last = append(&*set.store, "good", 1, "{}").await;
    set.finish(last).await;
    let bad = StreamId::new("thing", "bad");
    assert_eq!(set.store.parked(&set.name).await.unwrap()[0].stream, bad);

    // A person looks, and passes over it; the retry is committed in Kafka and dies.
    set.store.skip(&set.name, &bad, 1).await.unwrap();
    set.die(0, 100).await;
    let last = append(&*set.store, "bad", 2, "{}").await;
    let (runner, shutdown) = run(&set.store, Arc::new(set.relay()), 100);
    reached(&*set.store, &set.name, last).await;
    eventually("the stream to catch up", async || {
        set.store
            .parked(&set.name)
            .await
            .unwrap()
            .is_empty()
            .then_some(())
    })
    .await;
    shutdown.cancel();
    runner.join().await;

    let mut ids: Vec<_> = set
        .seen()
        .await
        .into_iter()
        .map(|message| message.id)
        .collect();
    ids.sort();
    assert_eq!(
        ids,
        ["thing/bad/2", "thing/bad/3", "thing/good/1", "thing/good/2"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_another_one_is_refused_and_says_so() {
    let Some(kafka) = broker().await else { return };
    let mut set = Set::new(kafka, "other").await;
    // Whoever is named like this one goes on where this one was.
    set.options.installation = Some(unique("copied"));
    let last = fill(&*set.store, 2, 0, 5).await;
    set.finish(last).await;
    // An older copy of the log: it does not have what was published.
    set.store = Arc::new(MemoryStorage::new());
    fill(&*set.store, 2, 0, 2).await;
    let relay = set.relay();
    let gauges = relay.gauges();
    let (runner, shutdown) = run(&set.store, Arc::new(relay), 100);
    let error = eventually("the refusal", async || gauges.read().last_error).await;
    assert_eq!(error.kind, "settings");
    assert!(error.message.contains("another log"), "{}", error.message);
    shutdown.cancel();
    runner.join().await;
    assert_eq!(check(&set.seen().await, 2, 5), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_predecessor_that_wakes_up_is_fenced() {
    let Some(kafka) = broker().await else { return };
    let set = Set::new(kafka, "fenced").await;
    let first = fill(&*set.store, 3, 0, 5).await;
    let sleeper = Arc::new(set.relay());
    let (runner, _shutdown) = run(&set.store, sleeper.clone(), 100);
    reached(&*set.store, &set.name, first).await;
    runner.abort();
    runner.join().await;
    outlive_lease(&set.store);
    let last = fill(&*set.store, 3, 5, 5).await;
    set.finish(last).await;

    // It still has its client and a batch in its hands.
    use ingesta_event_store::subscription::Subscriber;
    use ingesta_event_store::{EventStorage, TypeFilter};
    let page = set
        .store
        .read_after(first, &TypeFilter::All, 100)
        .await
        .unwrap();
    let gauges = sleeper.gauges();
    let late = tokio::spawn(async move { sleeper.consume(&page.events).await.map(|_| ()) });
    let error = eventually("the fence", async || gauges.read().last_error).await;
    assert_eq!(error.kind, "fenced", "{}", error.message);
    late.abort();
    assert_eq!(check(&set.seen().await, 3, 10), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_topic_of_places_is_named() {
    let Some(kafka) = broker().await else { return };
    let mut set = Set::new(kafka, "places").await;
    set.options.checkpoint_topic = unique("nobody-made-it");
    set.options.start_within = Duration::from_secs(60);
    fill(&*set.store, 1, 0, 1).await;
    let relay = set.relay();
    let gauges = relay.gauges();
    let (runner, shutdown) = run(&set.store, Arc::new(relay), 100);
    let error = eventually("the reason", async || gauges.read().last_error).await;
    assert_eq!(error.kind, "unknown_topic");
    assert!(
        error.message.contains(&set.options.checkpoint_topic),
        "{}",
        error.message
    );
    shutdown.cancel();
    runner.join().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_only_the_broker_refuses_is_found_and_its_neighbours_are_published_once() {
    let Some(kafka) = broker().await else { return };
    let mut set = Set::new(kafka, "large").await;
    let spec = TopicSpec {
        max_message_bytes: Some(10_000),
        ..TopicSpec::new(unique("large"), 1)
    };
    ensure(&set.kafka, std::slice::from_ref(&spec), PATIENCE)
        .await
        .unwrap();
    set.topic = spec.name;
    append(&*set.store, "good", 0, "{}").await;
    // Not to be compressed below the limit.
    let noise: String = (0..2_000)
        .map(|_| uuid::Uuid::new_v4().simple().to_string())
        .collect();
    append(&*set.store, "large", 0, &noise).await;
    append(&*set.store, "large", 1, "{}").await;
    let last = append(&*set.store, "good", 1, "{}").await;
    set.finish(last).await;
    let parked = set.store.parked(&set.name).await.unwrap();
    assert_eq!((parked.len(), parked[0].sequence), (1, 1));
    assert_eq!(parked[0].reason.code, "too_large");
    assert!(parked[0].reason.message.contains(&set.topic));
    let ids: Vec<_> = set
        .seen()
        .await
        .into_iter()
        .map(|message| message.id)
        .collect();
    assert_eq!(ids, ["thing/good/1", "thing/good/2"]);
}
