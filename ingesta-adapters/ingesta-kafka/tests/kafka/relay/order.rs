//! The plain way: everything arrives, in order per key, through one client.

use std::sync::Arc;

use ingesta_event_store::MemoryStorage;
use ingesta_kafka::producer::ProducerOptions;
use ingesta_kafka::relay::Relay;
use ingesta_testing::PATIENCE;

use super::support::{Copy, broker, check, fill, reached, read_all, run, topic};

#[tokio::test]
async fn b_69_all_events_of_an_aggregate_are_in_one_partition_in_order() {
    let Some(kafka) = broker().await else { return };
    let topic = topic(&kafka, "b69", 6).await;
    let store = Arc::new(MemoryStorage::new());
    let last = fill(&*store, 30, 0, 20).await;
    let copy = Copy {
        topic: topic.clone(),
    };
    let relay = Relay::new("b69", copy, &kafka, ProducerOptions::default()).unwrap();
    let relay = Arc::new(relay);
    let (runner, shutdown) = run(&store, relay.clone(), 100);
    reached(&*store, "b69", last).await;
    shutdown.cancel();
    runner.join().await;
    relay.close(PATIENCE).await;

    let seen = read_all(&kafka.brokers, &topic, "read_committed").await;
    assert_eq!(
        check(&seen, 30, 20),
        0,
        "nothing is repeated where nothing failed"
    );
    let partitions: std::collections::BTreeSet<_> = seen.iter().map(|m| m.partition).collect();
    assert!(partitions.len() > 1, "keys are spread");
}

#[tokio::test]
async fn b_12_thousands_of_messages_take_one_client() {
    let Some(kafka) = broker().await else { return };
    let topic = topic(&kafka, "b12", 3).await;
    let store = Arc::new(MemoryStorage::new());
    let last = fill(&*store, 20, 0, 200).await;
    let copy = Copy {
        topic: topic.clone(),
    };
    // A small window, so that the sender waits for room as well.
    let narrow = ProducerOptions {
        window_messages: 50,
        ..ProducerOptions::default()
    };
    let relay = Arc::new(Relay::new("b12", copy, &kafka, narrow).unwrap());
    let gauges = relay.gauges();
    let (runner, shutdown) = run(&store, relay, 1_000);
    reached(&*store, "b12", last).await;
    shutdown.cancel();
    runner.join().await;

    let status = gauges.read();
    assert_eq!(status.clients, 1);
    assert_eq!((status.published, status.acknowledged), (4_000, 4_000));
    assert_eq!((status.in_flight, status.bytes_in_flight), (0, 0));
    assert_eq!(status.last_error, None);
    let seen = read_all(&kafka.brokers, &topic, "read_committed").await;
    assert_eq!(check(&seen, 20, 200), 0);
}
