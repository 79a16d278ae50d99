//! Errors of the protocol, injected by the client library's mock cluster: all recovered from, with
//! nothing lost and the order kept.

use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::MemoryStorage;
use ingesta_kafka::connect::KafkaOptions;
use ingesta_kafka::message::OutgoingMessage;
use ingesta_kafka::producer::{ProducerOptions, Publisher};
use ingesta_kafka::relay::Relay;
use ingesta_testing::eventually;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr as Fault};

use super::support::{Copy, check, fill, reached, read_all, run};

type Cluster = MockCluster<'static, DefaultProducerContext>;

fn cluster(topic: &str) -> (Cluster, KafkaOptions) {
    let cluster = MockCluster::new(3).unwrap();
    cluster.create_topic(topic, 3, 3).unwrap();
    let kafka = KafkaOptions::new(cluster.bootstrap_servers());
    (cluster, kafka)
}

/// A log goes to a topic through these faults; answers how many repetitions and how many clients.
async fn through(faults: &[Fault]) -> (usize, u64) {
    let (cluster, kafka) = cluster("t");
    let store = Arc::new(MemoryStorage::new());
    let relay = Relay::new(
        "r",
        Copy { topic: "t".into() },
        &kafka,
        ProducerOptions::default(),
    );
    let relay = Arc::new(relay.unwrap());
    let gauges = relay.gauges();
    let (runner, shutdown) = run(&store, relay, 40);
    // Not the first request of the client: sequence numbers have a past.
    let first = fill(&*store, 8, 0, 10).await;
    reached(&*store, "r", first).await;
    cluster.request_errors(RDKafkaApiKey::Produce, faults);
    let last = fill(&*store, 8, 10, 20).await;
    reached(&*store, "r", last).await;
    shutdown.cancel();
    runner.join().await;
    let seen = read_all(&kafka.brokers, "t", "read_uncommitted").await;
    (check(&seen, 8, 30), gauges.read().clients)
}

#[tokio::test(flavor = "multi_thread")]
async fn t_12_a_leader_that_moved_and_replicas_that_lag_are_tried_again_by_the_client() {
    use Fault::*;
    let faults = [
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        RD_KAFKA_RESP_ERR__TRANSPORT,
    ];
    let (repetitions, clients) = through(&faults).await;
    assert_eq!((repetitions, clients), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn t_12_sequence_numbers_that_the_broker_does_not_know_cost_a_client_at_most() {
    use Fault::*;
    for fault in [
        RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
        RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID,
        RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
    ] {
        let (_, clients) = through(&[fault; 2]).await;
        assert!(clients <= 3, "{fault:?}: {clients} clients");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t_12_a_broker_that_throttles_slows_down_and_loses_nothing() {
    let (cluster, kafka) = cluster("t");
    for broker in 1..=3 {
        cluster
            .broker_round_trip_time(broker, Duration::from_millis(30))
            .unwrap();
    }
    cluster.request_errors(
        RDKafkaApiKey::Produce,
        &[Fault::RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED],
    );
    let store = Arc::new(MemoryStorage::new());
    let last = fill(&*store, 5, 0, 40).await;
    let relay = Relay::new(
        "r",
        Copy { topic: "t".into() },
        &kafka,
        ProducerOptions::default(),
    );
    let (runner, shutdown) = run(&store, Arc::new(relay.unwrap()), 50);
    reached(&*store, "r", last).await;
    shutdown.cancel();
    runner.join().await;
    check(
        &read_all(&kafka.brokers, "t", "read_uncommitted").await,
        5,
        40,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t_12_a_missing_right_is_named_waited_for_and_parks_nobody() {
    use ingesta_event_store::SubscriptionStorage;
    let (cluster, kafka) = cluster("t");
    cluster.request_errors(
        RDKafkaApiKey::Produce,
        &[Fault::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED; 3],
    );
    let store = Arc::new(MemoryStorage::new());
    let last = fill(&*store, 5, 0, 4).await;
    let relay = Relay::new(
        "r",
        Copy { topic: "t".into() },
        &kafka,
        ProducerOptions::default(),
    );
    let relay = relay.unwrap();
    let gauges = relay.gauges();
    let (runner, shutdown) = run(&store, Arc::new(relay), 100);
    let error = eventually("the reason", async || gauges.read().last_error).await;
    assert_eq!(error.kind, "not_authorised");
    assert!(
        error.message.contains("WRITE on Topic"),
        "{}",
        error.message
    );
    reached(&*store, "r", last).await;
    assert_eq!(store.parked("r").await.unwrap(), []);
    shutdown.cancel();
    runner.join().await;
    check(
        &read_all(&kafka.brokers, "t", "read_uncommitted").await,
        5,
        4,
    );
}

fn message(n: usize) -> OutgoingMessage {
    OutgoingMessage {
        topic: "t".into(),
        key: b"k".to_vec(),
        value: Some(format!("{n}").into_bytes()),
        headers: Vec::new(),
        timestamp: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_batch_is_purged_and_a_later_one_has_a_client_of_its_own() {
    let (cluster, kafka) = cluster("t");
    let publisher = Publisher::new(&kafka, ProducerOptions::default()).unwrap();
    publisher.publish(&[message(0)]).await.unwrap();
    for broker in 1..=3 {
        cluster.broker_down(broker).unwrap();
    }
    {
        let mut flight = publisher.open().await.unwrap();
        for n in 1..=20 {
            flight.send(&message(n)).await.unwrap();
        }
        // The future that held it is dropped.
    }
    for broker in 1..=3 {
        cluster.broker_up(broker).unwrap();
    }
    publisher.publish(&[message(21)]).await.unwrap();
    let seen = read_all(&kafka.brokers, "t", "read_uncommitted").await;
    let values: Vec<_> = seen
        .iter()
        .map(|m| String::from_utf8_lossy(&m.value))
        .collect();
    assert_eq!(
        values,
        ["0", "21"],
        "nothing of the abandoned batch comes later"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_not_published_whole_says_how_much_of_its_front_is() {
    let (_cluster, kafka) = cluster("t");
    let publisher = Publisher::new(&kafka, ProducerOptions::default()).unwrap();
    let mut messages: Vec<_> = (0..5).map(message).collect();
    messages[3].value = Some(vec![b'x'; 2_000_000]);
    let error = publisher.publish(&messages).await.unwrap_err();
    assert_eq!((error.acknowledged, error.cause.kind()), (3, "too_large"));
    messages[3].topic = "nobody-made-it".into();
    let error = publisher.publish(&messages).await.unwrap_err();
    assert_eq!(
        (error.acknowledged, error.cause.kind()),
        (3, "unknown_topic")
    );
    assert!(
        !format!("{error:?} {messages:?}").contains("xxx"),
        "no data in what is printed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_we_may_not_look_at_is_refused_with_what_to_grant() {
    use ingesta_kafka::topics::{TopicSpec, ensure};
    let (cluster, kafka) = cluster("t");
    cluster.create_topic("u", 3, 3).unwrap();
    for topic in ["t", "u"] {
        cluster
            .topic_error(topic, Fault::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
            .unwrap();
    }
    let specs = ["t", "u"].map(|topic| TopicSpec::new(topic, 3));
    let refused = ensure(&kafka, &specs, ingesta_testing::PATIENCE)
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), "not_authorised");
    for topic in ["t", "u"] {
        let grant = format!("grant DESCRIBE on Topic {topic}");
        assert!(refused.to_string().contains(&grant), "{refused}");
    }
}
