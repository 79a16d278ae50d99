//! Permissions: each one that is missing is named, and granting it lets the same program go on.

use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::SubscriptionStorage;
use ingesta_kafka::connect::{KafkaError, KafkaOptions};
use ingesta_kafka::dead_letters::DeadLetters;
use ingesta_kafka::inbox::{Inbox, InboxHandle, InboxOptions};
use ingesta_kafka::producer::ProducerOptions;
use ingesta_kafka::relay::{Relay, RelayGauges};
use ingesta_kafka::topics::{TopicSpec, ensure};
use ingesta_kafka::transactional::{TransactionalOptions, TransactionalRelay, checkpoint_topic};
use ingesta_testing::services::{Operation, OwnedBroker, Resource};
use ingesta_testing::{PATIENCE, eventually};

use super::{PASSWORD, USER, by_name, guarded, numbers, until_the_end};
use crate::inbox::{Probe, Stage};
use crate::relay::support::{Copy, reached, run, unique};

/// Waits until the relay says that this is missing.
async fn lacks(gauges: &RelayGauges, missing: &str) {
    eventually(missing, async || {
        let error = gauges.read().last_error?;
        let told = error.kind == "not_authorised" && error.message.contains(missing);
        told.then_some(())
    })
    .await;
}

/// Waits until the inbox says that this is missing.
async fn inbox_lacks(inbox: &InboxHandle, missing: &str) {
    eventually(missing, async || {
        (inbox.status().missing.as_deref() == Some(missing)).then_some(())
    })
    .await;
}

/// What somebody else, who may do everything, makes.
async fn made(broker: &OwnedBroker, spec: TopicSpec) -> String {
    let everything = KafkaOptions::new(broker.address());
    let made = ensure(&everything, std::slice::from_ref(&spec), PATIENCE).await;
    made.unwrap();
    spec.name
}

#[tokio::test(flavor = "multi_thread")]
async fn what_making_a_topic_needs_is_named_and_granted() {
    let Some(broker) = guarded().await else {
        return;
    };
    let kafka = by_name(&broker, PASSWORD);
    let spec = TopicSpec::new(unique("made"), 1);
    let refused = async || {
        let refused = ensure(&kafka, std::slice::from_ref(&spec), PATIENCE).await;
        let refused = KafkaError::from(refused.unwrap_err());
        let KafkaError::NotAuthorised { missing, .. } = refused else {
            panic!("{refused:?}");
        };
        missing
    };
    let topics = Resource::Topics(&spec.name);
    assert_eq!(refused().await, format!("DESCRIBE on Topic {}", spec.name));
    broker.allow(USER, Operation::Describe, topics).unwrap();
    let create = format!("CREATE on Cluster, or CREATE on Topic {}", spec.name);
    eventually("the next refusal", async || {
        (refused().await == create).then_some(())
    })
    .await;
    broker.allow(USER, Operation::Create, topics).unwrap();
    // The permission is there when the broker's own log has it.
    eventually("the topic", async || {
        let made = ensure(&kafka, std::slice::from_ref(&spec), PATIENCE).await;
        made.ok()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_publishing_needs_is_named_and_granted() {
    let Some(broker) = guarded().await else {
        return;
    };
    let topic = made(&broker, TopicSpec::new(unique("written"), 1)).await;
    let (store, last) = numbers(3).await;
    let copy = Copy {
        topic: topic.clone(),
    };
    let kafka = by_name(&broker, PASSWORD);
    let relay = Relay::new("written", copy, &kafka, ProducerOptions::default()).unwrap();
    let gauges = relay.gauges();
    let (runner, shutdown) = run(&store, Arc::new(relay), 2);
    lacks(&gauges, &format!("grant WRITE on Topic {topic}")).await;
    // That it may be seen is not enough.
    let topics = Resource::Topics(&topic);
    broker.allow(USER, Operation::Describe, topics).unwrap();
    lacks(&gauges, "or IDEMPOTENT_WRITE on Cluster").await;
    assert_eq!(
        store.parked("written").await.unwrap(),
        [],
        "nothing is parked"
    );
    broker.allow(USER, Operation::Write, topics).unwrap();
    reached(&*store, "written", last).await;
    assert_eq!(gauges.read().last_error, None);
    shutdown.cancel();
    runner.join().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_publishing_in_transactions_needs_is_named_and_granted() {
    let Some(broker) = guarded().await else {
        return;
    };
    let options = TransactionalOptions {
        checkpoint_topic: unique("places"),
        installation: Some("here".to_owned()),
        ..TransactionalOptions::default()
    };
    let topic = made(&broker, TopicSpec::new(unique("exactly"), 1)).await;
    let places = made(&broker, checkpoint_topic(&options)).await;
    let (store, last) = numbers(3).await;
    let copy = Copy {
        topic: topic.clone(),
    };
    let kafka = by_name(&broker, PASSWORD);
    let relay = TransactionalRelay::new("exactly", copy, store.clone(), &kafka, options);
    let relay = relay.unwrap();
    let gauges = relay.gauges();
    let (runner, shutdown) = run(&store, Arc::new(relay), 2);
    let ids = Resource::TransactionalIds("ingesta-relay-here-exactly");
    let id = "WRITE and DESCRIBE on TransactionalId ingesta-relay-here-exactly";
    lacks(&gauges, id).await;
    broker.allow(USER, Operation::Write, ids).unwrap();
    broker.allow(USER, Operation::Describe, ids).unwrap();
    lacks(&gauges, &format!("READ on Topic {places}")).await;
    let topics = Resource::Topics(&places);
    broker.allow(USER, Operation::Read, topics).unwrap();
    broker.allow(USER, Operation::Write, topics).unwrap();
    lacks(&gauges, &format!("WRITE on Topic {topic}")).await;
    let topics = Resource::Topics(&topic);
    broker.allow(USER, Operation::Write, topics).unwrap();
    reached(&*store, "exactly", last).await;
    assert_eq!(gauges.read().last_error, None);
    shutdown.cancel();
    runner.join().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reading_needs_is_named_and_granted() {
    let Some(broker) = guarded().await else {
        return;
    };
    let stage = Stage::on(broker.address(), 1).await;
    stage.write_numbers(0..5, 1).await;
    let (shutdown, _end) = until_the_end();
    let probe = Probe::new();
    let options = InboxOptions {
        session_timeout: Duration::from_secs(6),
        ..InboxOptions::new(&stage.group, [&stage.topic])
    };
    let kafka = by_name(&broker, PASSWORD);
    let inbox = Inbox::new(&kafka, options, Arc::<Probe>::clone(&probe)).unwrap();
    let inbox = inbox.spawn(shutdown.clone()).unwrap();
    let (group, topic) = (
        format!("READ on Group {}", stage.group),
        format!("READ on Topic {}", stage.topic),
    );
    eventually("either of them", async || {
        let missing = inbox.status().missing?;
        (missing.contains(&group) || missing.contains(&topic)).then_some(())
    })
    .await;
    let topics = Resource::Topics(&stage.topic);
    broker.allow(USER, Operation::Describe, topics).unwrap();
    eventually("the group", async || {
        inbox.status().missing?.contains(&group).then_some(())
    })
    .await;
    let groups = Resource::Groups(&stage.group);
    broker.allow(USER, Operation::Read, groups).unwrap();
    inbox_lacks(&inbox, &topic).await;
    broker.allow(USER, Operation::Read, topics).unwrap();
    probe.until(5).await;
    let clear = async || inbox.status().missing.is_none().then_some(());
    eventually("nothing to be missing", clear).await;
    shutdown.cancel();
    assert!(inbox.join().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_putting_aside_needs_is_named_and_granted_and_nothing_is_lost_meanwhile() {
    let Some(broker) = guarded().await else {
        return;
    };
    let stage = Stage::on(broker.address(), 1).await;
    let topics = Resource::Topics(&stage.topic);
    let groups = Resource::Groups(&stage.group);
    broker.allow(USER, Operation::Read, groups).unwrap();
    broker.allow(USER, Operation::Read, topics).unwrap();
    let line = crate::inbox::Line {
        partition: 0,
        key: Some("k"),
        value: Some(b"no number"),
    };
    stage.write(line).await;
    let (shutdown, _end) = until_the_end();
    let kafka = by_name(&broker, PASSWORD);
    let options = stage.options();
    let inbox = Inbox::new(&kafka, options, Probe::new()).unwrap();
    let inbox = inbox.spawn(shutdown.clone()).unwrap();
    let dead = format!("{}.dead", stage.topic);
    let create = format!("CREATE on Cluster, or CREATE on Topic {dead}");
    inbox_lacks(&inbox, &create).await;
    let dead_topics = Resource::Topics(&dead);
    broker.allow(USER, Operation::Create, dead_topics).unwrap();
    let write = format!("WRITE on Topic {dead}, or IDEMPOTENT_WRITE on Cluster");
    inbox_lacks(&inbox, &write).await;
    assert_eq!(inbox.status().dead_lettered, 0);
    broker.allow(USER, Operation::Write, dead_topics).unwrap();
    eventually("it to be put aside", async || {
        let status = inbox.status();
        (status.dead_lettered == 1 && status.missing.is_none()).then_some(())
    })
    .await;
    // Looking at them takes the permission to read, on no group.
    let letters = DeadLetters::new(&kafka).unwrap();
    let page = letters.list(&stage.topic, None, 10).await.unwrap();
    assert_eq!(page.letters.len(), 1);
    let others = letters.list("others", None, 10).await.unwrap_err();
    let text = format!("{others} {others:?}");
    assert!(text.contains("READ on Topic others.dead"), "{text}");
    shutdown.cancel();
    assert!(inbox.join().await);
}
