//! Events that cannot be published park their own stream; what is missing is waited for.

use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::{MemoryStorage, StreamId, SubscriptionStorage};
use ingesta_kafka::producer::ProducerOptions;
use ingesta_kafka::relay::Relay;
use ingesta_kafka::topics::{TopicSpec, ensure};
use ingesta_testing::{PATIENCE, eventually};

use super::support::{Copy, append, broker, reached, read_all, run, topic, unique};

async fn ids(brokers: &str, topic: &str) -> Vec<String> {
    let seen = read_all(brokers, topic, "read_committed").await;
    seen.into_iter().map(|message| message.id).collect()
}

#[tokio::test]
async fn an_event_that_cannot_be_published_parks_its_stream_with_a_code_and_neighbours_go_on() {
    let Some(kafka) = broker().await else { return };
    let topic = topic(&kafka, "refusals", 1).await;
    for (payload, code) in [
        ("refuse", "unknown_type"),
        ("panic", "panicked"),
        ("blow up", "too_large"),
    ] {
        let store = Arc::new(MemoryStorage::new());
        append(&*store, "good", 0, "{}").await;
        append(&*store, code, 0, "{}").await;
        append(&*store, code, 1, payload).await;
        append(&*store, code, 2, "{}").await;
        let last = append(&*store, "good", 1, "{}").await;
        let copy = Copy {
            topic: topic.clone(),
        };
        let relay = Relay::new(code, copy, &kafka, ProducerOptions::default()).unwrap();
        let (runner, shutdown) = run(&store, Arc::new(relay), 100);
        reached(&*store, code, last).await;

        let parked = store.parked(code).await.unwrap();
        assert_eq!(parked.len(), 1, "{code}");
        assert_eq!(parked[0].stream, StreamId::new("thing", code));
        assert_eq!((parked[0].sequence, &*parked[0].reason.code), (2, code));
        shutdown.cancel();
        runner.join().await;
    }
    let published = ids(&kafka.brokers, &topic).await;
    for code in ["unknown_type", "panicked", "too_large"] {
        let of_code = published
            .iter()
            .filter(|id| id.starts_with(&format!("thing/{code}/")));
        let of_code: Vec<_> = of_code.cloned().collect();
        assert_eq!(
            of_code,
            [format!("thing/{code}/1")],
            "nothing behind the refused one"
        );
    }
    assert_eq!(
        published
            .iter()
            .filter(|id| id.starts_with("thing/good/"))
            .count(),
        6
    );
}

#[tokio::test]
async fn a_message_that_only_the_broker_finds_too_large_is_found_among_its_neighbours() {
    let Some(kafka) = broker().await else { return };
    let spec = TopicSpec {
        max_message_bytes: Some(10_000),
        ..TopicSpec::new(unique("large"), 1)
    };
    ensure(&kafka, std::slice::from_ref(&spec), PATIENCE)
        .await
        .unwrap();
    let store = Arc::new(MemoryStorage::new());
    append(&*store, "good", 0, "{}").await;
    // Not to be compressed below the limit.
    let noise: String = (0..2_000)
        .map(|_| uuid::Uuid::new_v4().simple().to_string())
        .collect();
    append(&*store, "large", 0, &noise).await;
    append(&*store, "large", 1, "{}").await;
    let last = append(&*store, "good", 1, "{}").await;
    let copy = Copy {
        topic: spec.name.clone(),
    };
    // Each message a batch of its own: none may pass the one that is refused.
    let apart = ProducerOptions {
        linger_ms: 0,
        ..ProducerOptions::default()
    };
    let relay = Relay::new("large", copy, &kafka, apart).unwrap();
    let (runner, shutdown) = run(&store, Arc::new(relay), 100);
    reached(&*store, "large", last).await;
    let parked = store.parked("large").await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!(
        (parked[0].sequence, &*parked[0].reason.code),
        (1, "too_large")
    );
    assert!(!parked[0].reason.message.contains(&noise[..20]));
    shutdown.cancel();
    runner.join().await;
    let mut published = ids(&kafka.brokers, &spec.name).await;
    published.dedup();
    assert_eq!(published, ["thing/good/1", "thing/good/2"]);
}

#[tokio::test]
async fn a_topic_that_does_not_exist_is_waited_for_by_its_name_and_nothing_is_parked() {
    let Some(kafka) = broker().await else { return };
    let name = unique("later");
    let store = Arc::new(MemoryStorage::new());
    append(&*store, "a", 0, "{}").await;
    let last = append(&*store, "a", 1, "{}").await;
    let copy = Copy {
        topic: name.clone(),
    };
    let relay = Relay::new("later", copy, &kafka, ProducerOptions::default()).unwrap();
    let gauges = relay.gauges();
    let (runner, shutdown) = run(&store, Arc::new(relay), 100);
    let error = eventually("the reason", async || gauges.read().last_error).await;
    assert_eq!(error.kind, "unknown_topic");
    assert!(error.message.contains(&name), "{}", error.message);
    assert_eq!(store.parked("later").await.unwrap(), []);

    ensure(&kafka, &[TopicSpec::new(&name, 1)], Duration::from_secs(60))
        .await
        .unwrap();
    reached(&*store, "later", last).await;
    shutdown.cancel();
    runner.join().await;
    assert_eq!(ids(&kafka.brokers, &name).await, ["thing/a/1", "thing/a/2"]);
    assert_eq!(gauges.read().last_error, None);
}
