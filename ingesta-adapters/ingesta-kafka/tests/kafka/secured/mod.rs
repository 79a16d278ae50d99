//! A broker that asks who comes: names and passwords, permissions, and TLS where it is built in.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on stops where it stands"
)]

mod names;
mod permissions;
#[cfg(feature = "tls")]
mod tls;

use std::sync::Arc;

use ingesta_event_store::{MemoryStorage, Position};
use ingesta_kafka::connect::{KafkaOptions, Sasl, SaslMechanism};
use ingesta_kafka::inbox::{Inbox, InboxOptions};
use ingesta_kafka::producer::ProducerOptions;
use ingesta_kafka::relay::Relay;
use ingesta_kafka::topics::{TopicSpec, ensure};
use ingesta_testing::PATIENCE;
use ingesta_testing::services::{Door, Doors, Operation, OwnedBroker, Resource};
use tokio_util::sync::CancellationToken;

use crate::inbox::Probe;
use crate::relay::support::{Copy, append, reached, run};

/// What the users of these tests are called, and what they know.
const USER: &str = "ana";
const PASSWORD: &str = "s3cret";

fn doors() -> Doors {
    Doors {
        users: vec![(USER.to_owned(), PASSWORD.to_owned())],
        ..Doors::default()
    }
}

/// `None` where tests without a broker are skipped by choice.
async fn guarded() -> Option<OwnedBroker> {
    OwnedBroker::start_guarded_or_skip(&doors()).await.unwrap()
}

fn as_user(mechanism: SaslMechanism, password: &str) -> Sasl {
    Sasl {
        mechanism,
        user: USER.to_owned(),
        password: password.into(),
    }
}

/// Through the door that asks for a name, over a plain connection.
fn by_name(broker: &OwnedBroker, password: &str) -> KafkaOptions {
    KafkaOptions {
        sasl: Some(as_user(SaslMechanism::Plain, password)),
        ..KafkaOptions::new(broker.door(Door::Sasl).unwrap())
    }
}

/// All that it takes to make a topic of this prefix, to publish to it, to read it, and to put
/// messages aside, as the how-to lists it.
fn allow_everything(broker: &OwnedBroker, user: &str, prefix: &str) {
    use Operation::{Create, Describe, IdempotentWrite, Read, Write};
    for operation in [Describe, Write, Create, Read] {
        let topics = Resource::Topics(prefix);
        broker.allow(user, operation, topics).unwrap();
    }
    let cluster = Resource::Cluster;
    broker.allow(user, IdempotentWrite, cluster).unwrap();
    broker.allow(user, Read, Resource::Groups(prefix)).unwrap();
}

/// A log with numbers as payloads, and where it ends.
async fn numbers(count: u64) -> (Arc<MemoryStorage>, Position) {
    let (store, mut last) = (Arc::new(MemoryStorage::new()), Position::START);
    for number in 0..count {
        last = append(&*store, "one", number, &number.to_string()).await;
    }
    (store, last)
}

/// Makes a topic, publishes a log to it and handles what is on it, all by these options.
async fn both_ways(kafka: &KafkaOptions, name: &str) {
    let topic = crate::relay::support::unique(name);
    let made = ensure(kafka, &[TopicSpec::new(&topic, 1)], PATIENCE).await;
    made.unwrap();
    let (store, last) = numbers(20).await;
    let copy = Copy {
        topic: topic.clone(),
    };
    let relay = Relay::new(name, copy, kafka, ProducerOptions::default()).unwrap();
    let (runner, shutdown) = run(&store, Arc::new(relay), 7);
    reached(&*store, name, last).await;
    let probe = Probe::new();
    let options = InboxOptions::new(&topic, [&topic]);
    let inbox = Inbox::new(kafka, options, Arc::<Probe>::clone(&probe)).unwrap();
    let inbox = inbox.spawn(shutdown.clone()).unwrap();
    // They are JSON texts, and so no numbers to this handler: each is put aside.
    ingesta_testing::eventually("all to be put aside", async || {
        (inbox.status().dead_lettered == 20).then_some(())
    })
    .await;
    assert_eq!(inbox.status().missing, None);
    shutdown.cancel();
    runner.join().await;
    assert!(inbox.join().await);
}

/// What ends by itself when the test does.
fn until_the_end() -> (CancellationToken, impl Drop) {
    let token = CancellationToken::new();
    (token.clone(), token.drop_guard())
}
