//! What a translation needs and does not get is waited for: nothing is parked, skipped or repeated.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use ingesta_event_store::subscription::Subscriber;
use ingesta_event_store::{MemoryStorage, RecordedEvent, SubscriptionStorage};
use ingesta_kafka::message::OutgoingMessage;
use ingesta_kafka::producer::ProducerOptions;
use ingesta_kafka::relay::{Away, Relay, RelayGauges, Translate, TranslateError};
use ingesta_kafka::topics::ensure;
use ingesta_kafka::transactional::{TransactionalOptions, TransactionalRelay, checkpoint_topic};
use ingesta_testing::{PATIENCE, eventually};

use super::support::{Copy, append, broker, reached, read_all, run, topic, unique};

/// Copies, and needs something for an event that says so.
struct Needs {
    copy: Copy,
    there: Arc<AtomicBool>,
}

#[async_trait]
impl Translate for Needs {
    async fn messages(
        &self,
        event: &RecordedEvent,
    ) -> Result<Vec<OutgoingMessage>, TranslateError> {
        if event.payload.contains("needy") && !self.there.load(Ordering::SeqCst) {
            return Err(Away::new("the thing it needs", "secret: not there").into());
        }
        self.copy.messages(event).await
    }
}

fn needs(topic: &str, there: &Arc<AtomicBool>) -> Needs {
    Needs {
        copy: Copy {
            topic: topic.to_owned(),
        },
        there: Arc::clone(there),
    }
}

/// Runs it without what it needs, then with it.
async fn waits(
    store: &Arc<MemoryStorage>,
    there: &AtomicBool,
    relay: Arc<dyn Subscriber>,
    gauges: RelayGauges,
) {
    let name = relay.name().to_owned();
    append(&**store, "a", 0, "{}").await;
    append(&**store, "b", 0, "needy").await;
    let last = append(&**store, "a", 1, "{}").await;
    let (runner, shutdown) = run(store, relay, 100);
    let told = eventually("the reason", async || gauges.read().last_error).await;
    assert_eq!(told.kind, Away::KIND);
    assert_eq!(told.message, "the translation waits for the thing it needs");
    assert_eq!(store.parked(&name).await.unwrap(), []);

    there.store(true, Ordering::SeqCst);
    reached(&**store, &name, last).await;
    shutdown.cancel();
    runner.join().await;
    assert_eq!(store.parked(&name).await.unwrap(), []);
    assert_eq!(gauges.read().last_error, None);
}

#[tokio::test]
async fn what_a_translation_needs_is_waited_for_and_told_in_the_status() {
    let Some(kafka) = broker().await else { return };
    let (store, there) = (Arc::new(MemoryStorage::new()), Arc::default());
    let topic = topic(&kafka, "needs", 1).await;
    let translate = needs(&topic, &there);
    let relay = Relay::new("needs", translate, &kafka, ProducerOptions::default()).unwrap();
    let gauges = relay.gauges();
    waits(&store, &there, Arc::new(relay), gauges).await;

    let seen = read_all(&kafka.brokers, &topic, "read_committed").await;
    let ids: Vec<_> = seen.iter().map(|message| &*message.id).collect();
    assert_eq!(ids, ["thing/a/1", "thing/b/1", "thing/a/2"]);
}

#[tokio::test]
async fn a_transaction_is_not_begun_while_a_translation_waits() {
    let Some(kafka) = broker().await else { return };
    let (store, there) = (Arc::new(MemoryStorage::new()), Arc::default());
    let topic = topic(&kafka, "needs-exactly", 1).await;
    let options = TransactionalOptions {
        checkpoint_topic: unique("places"),
        ..TransactionalOptions::default()
    };
    let places = [checkpoint_topic(&options)];
    ensure(&kafka, &places, PATIENCE).await.unwrap();
    let translate = needs(&topic, &there);
    let relay = TransactionalRelay::new(
        unique("needs-exactly"),
        translate,
        store.clone(),
        &kafka,
        options,
    );
    let relay = relay.unwrap();
    let gauges = relay.gauges();
    waits(&store, &there, Arc::new(relay), gauges).await;

    let seen = read_all(&kafka.brokers, &topic, "read_committed").await;
    let ids: Vec<_> = seen.iter().map(|message| &*message.id).collect();
    assert_eq!(ids, ["thing/a/1", "thing/b/1", "thing/a/2"]);
}
