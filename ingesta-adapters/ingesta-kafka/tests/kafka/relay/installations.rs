//! Installations that share brokers: relays of the same name in them do not know of each other.

use std::sync::Arc;

use ingesta_event_store::MemoryStorage;
use ingesta_kafka::transactional::TransactionalRelay;

use super::support::{Copy, broker, check, fill, reached, run, unique};
use super::transactional::Set;

#[tokio::test(flavor = "multi_thread")]
async fn two_logs_with_relays_of_one_name_do_not_fence_each_other() {
    let Some(kafka) = broker().await else { return };
    let one = Set::new(kafka, "shared").await;
    let mut two = Set::beside(&one).await;
    two.name.clone_from(&one.name);

    let mut running = Vec::new();
    for set in [&one, &two] {
        let relay = Arc::new(set.relay());
        let gauges = relay.gauges();
        let (runner, shutdown) = run(&set.store, relay, 10);
        running.push((set, gauges, runner, shutdown));
    }
    // In turns, so that each publishes after the other one has begun.
    for round in 0..3 {
        for (set, ..) in &running {
            let last = fill(&*set.store, 3, round * 5, 5).await;
            reached(&*set.store, &set.name, last).await;
        }
    }
    for (set, gauges, runner, shutdown) in running {
        shutdown.cancel();
        runner.join().await;
        assert_eq!(gauges.read().clients, 1, "nobody was fenced");
        assert_eq!(check(&set.seen().await, 3, 15), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_installation_goes_on_where_its_predecessor_was_whatever_the_store_says() {
    let Some(kafka) = broker().await else { return };
    let mut set = Set::new(kafka, "moved").await;
    set.options.installation = Some(unique("site"));
    fill(&*set.store, 3, 0, 5).await;
    let last = fill(&*set.store, 3, 5, 5).await;
    set.finish(last).await;
    // The same events in another store, which knows of no checkpoint.
    set.store = Arc::new(MemoryStorage::new());
    let last = fill(&*set.store, 3, 0, 12).await;
    set.finish(last).await;
    assert_eq!(check(&set.seen().await, 3, 12), 0, "nothing a second time");
}

#[tokio::test]
async fn a_name_that_cannot_be_one_is_refused_at_once() {
    for name in ["", "a b", "ñ", &"x".repeat(101)] {
        let options = ingesta_kafka::transactional::TransactionalOptions {
            installation: Some(name.to_owned()),
            ..Default::default()
        };
        let copy = Copy { topic: "t".into() };
        let kafka = ingesta_kafka::connect::KafkaOptions::new("127.0.0.1:1");
        let store = Arc::new(MemoryStorage::new());
        let refused = TransactionalRelay::new("r", copy, store, &kafka, options).unwrap_err();
        assert_eq!(refused.kind(), "settings");
        assert!(refused.to_string().contains("installation"), "{refused}");
    }
}
