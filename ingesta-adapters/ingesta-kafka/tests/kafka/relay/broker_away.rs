//! A broker that is not there: at the start, and in the middle of it.

use std::sync::Arc;

use ingesta_event_store::{MemoryStorage, SubscriptionStorage};
use ingesta_kafka::connect::KafkaOptions;
use ingesta_kafka::producer::ProducerOptions;
use ingesta_kafka::relay::{Relay, RelayGauges};
use ingesta_testing::eventually;
use ingesta_testing::services::OwnedBroker;

use super::support::{Copy, check, fill, reached, read_all, run, topic};
use super::transactional::Set;

/// Waits until the relay says that it is the broker that is away.
async fn says_unreachable(gauges: &RelayGauges) {
    eventually("the relay to say what it waits for", async || {
        let error = gauges.read().last_error?;
        (error.kind == "unreachable").then_some(())
    })
    .await;
}

#[tokio::test]
async fn b_06_a_broker_that_is_not_up_at_the_start_is_waited_for() {
    let Some(broker) = OwnedBroker::start_or_skip().await.unwrap() else {
        return;
    };
    let kafka = KafkaOptions::new(broker.address());
    let topic = topic(&kafka, "b06", 3).await;
    broker.kill().await.unwrap();

    let store = Arc::new(MemoryStorage::new());
    let last = fill(&*store, 5, 0, 10).await;
    let copy = Copy {
        topic: topic.clone(),
    };
    let relay = Relay::new("b06", copy, &kafka, ProducerOptions::default()).unwrap();
    let gauges = relay.gauges();
    let (runner, shutdown) = run(&store, Arc::new(relay), 100);
    says_unreachable(&gauges).await;

    broker.start_again().await.unwrap();
    reached(&*store, "b06", last).await;
    eventually("the trouble to be over", async || {
        gauges.read().last_error.is_none().then_some(())
    })
    .await;
    shutdown.cancel();
    runner.join().await;
    assert_eq!(
        check(
            &read_all(broker.address(), &topic, "read_committed").await,
            5,
            10
        ),
        0
    );
}

#[tokio::test]
async fn t_11_a_broker_killed_under_load_costs_nothing_but_time() {
    const WINDOW: usize = 100;
    let Some(broker) = OwnedBroker::start_or_skip().await.unwrap() else {
        return;
    };
    let kafka = KafkaOptions::new(broker.address());
    let topic = topic(&kafka, "t11", 3).await;
    let store = Arc::new(MemoryStorage::new());
    fill(&*store, 10, 0, 50).await;
    let copy = Copy {
        topic: topic.clone(),
    };
    let bounded = ProducerOptions {
        window_messages: WINDOW,
        ..ProducerOptions::default()
    };
    let relay = Arc::new(Relay::new("t11", copy, &kafka, bounded).unwrap());
    let gauges = relay.gauges();
    let (runner, shutdown) = run(&store, relay, 200);

    let mut each = 50;
    for _ in 0..3 {
        eventually("some progress", async || {
            (gauges.read().acknowledged > each * 2).then_some(())
        })
        .await;
        broker.kill().await.unwrap();
        let epoch = store.subscriptions().await.unwrap()[0].epoch;
        // Events go on coming while nobody takes them.
        fill(&*store, 10, each, 50).await;
        each += 50;
        says_unreachable(&gauges).await;
        assert!(
            gauges.read().in_flight <= WINDOW as u64,
            "memory is bounded by the window"
        );
        let kept = store.subscriptions().await.unwrap().remove(0);
        assert!(
            kept.running && kept.epoch == epoch,
            "the lease is kept while it waits"
        );
        broker.start_again().await.unwrap();
    }
    let last = fill(&*store, 10, each, 1).await;
    reached(&*store, "t11", last).await;
    shutdown.cancel();
    runner.join().await;
    let repetitions = check(
        &read_all(broker.address(), &topic, "read_committed").await,
        10,
        each + 1,
    );
    assert_eq!(
        repetitions, 0,
        "the client's own repetitions are recognised by the broker"
    );
    assert_eq!(gauges.read().clients, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn t_11_in_transactions_a_broker_killed_under_load_repeats_nothing() {
    const BATCH: usize = 20;
    let Some(broker) = OwnedBroker::start_or_skip().await.unwrap() else {
        return;
    };
    let set = Set::new(KafkaOptions::new(broker.address()), "t11x").await;
    fill(&*set.store, 10, 0, 50).await;
    let relay = Arc::new(set.relay());
    let gauges = relay.gauges();
    let (runner, shutdown) = run(&set.store, relay, BATCH);

    let mut each = 50;
    for _ in 0..2 {
        // In the middle of it: a part is committed, and another is not.
        eventually("some progress", async || {
            (gauges.read().acknowledged > each * 2).then_some(())
        })
        .await;
        broker.kill().await.unwrap();
        let epoch = set.store.subscriptions().await.unwrap()[0].epoch;
        fill(&*set.store, 10, each, 50).await;
        each += 50;
        says_unreachable(&gauges).await;
        // A batch, and the place that it reaches.
        assert!(gauges.read().in_flight <= BATCH as u64 + 1);
        let kept = set.store.subscriptions().await.unwrap().remove(0);
        assert!(
            kept.running && kept.epoch == epoch,
            "the lease is kept while it waits"
        );
        broker.start_again().await.unwrap();
    }
    let last = fill(&*set.store, 10, each, 1).await;
    reached(&*set.store, &set.name, last).await;
    shutdown.cancel();
    runner.join().await;
    assert_eq!(check(&set.seen().await, 10, each + 1), 0);
    assert_eq!(gauges.read().last_error, None);
}

#[tokio::test]
async fn a_relay_that_is_stopped_while_the_broker_is_away_lets_go_in_time() {
    let kafka = KafkaOptions::new("127.0.0.1:1");
    let store = Arc::new(MemoryStorage::new());
    fill(&*store, 1, 0, 3).await;
    let copy = Copy {
        topic: "nowhere".into(),
    };
    let relay = Arc::new(Relay::new("stop", copy, &kafka, ProducerOptions::default()).unwrap());
    let gauges = relay.gauges();
    let options = ingesta_event_store::subscription::RunnerOptions {
        shutdown_grace: std::time::Duration::from_millis(50),
        ..ingesta_kafka::relay::runner_options()
    };
    let shutdown = tokio_util::sync::CancellationToken::new();
    let runner =
        ingesta_event_store::subscription::Runner::new(store.clone(), relay.clone(), options);
    let runner = runner.spawn(shutdown.clone());
    says_unreachable(&gauges).await;
    shutdown.cancel();
    runner.join().await;
    relay.close(std::time::Duration::from_millis(50)).await;
    let status = store.subscriptions().await.unwrap().remove(0);
    assert!(!status.running, "the lease was given back");
}
