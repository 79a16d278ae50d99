//! A relay that dies between the broker's acknowledgement and its checkpoint.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use ingesta_event_store::subscription::{ConsumeError, Effect, Subscriber};
use ingesta_event_store::{MemoryStorage, RecordedEvent, StoreError, TypeFilter};
use ingesta_kafka::producer::ProducerOptions;
use ingesta_kafka::relay::Relay;
use tokio::sync::Notify;

use super::support::{Copy, broker, check, fill, outlive_lease, reached, read_all, run, topic};

/// Passes batches on, and hangs after one that was published whole: there its process dies.
pub(crate) struct Dies<S> {
    pub(crate) inner: S,
    /// Batches that come through before.
    pub(crate) passes: AtomicUsize,
    pub(crate) published: Notify,
}

impl<S> Dies<S> {
    pub(crate) fn after(passes: usize, inner: S) -> Arc<Self> {
        Arc::new(Self {
            inner,
            passes: AtomicUsize::new(passes),
            published: Notify::new(),
        })
    }
}

#[async_trait]
impl<S: Subscriber> Subscriber for Dies<S> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn types(&self) -> TypeFilter {
        self.inner.types()
    }

    async fn start(&self) -> Result<(), StoreError> {
        self.inner.start().await
    }

    async fn consume(&self, batch: &[RecordedEvent]) -> Result<Vec<Effect>, ConsumeError> {
        let effects = self.inner.consume(batch).await?;
        let passed = |left: usize| left.checked_sub(1);
        if self
            .passes
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, passed)
            .is_ok()
        {
            return Ok(effects);
        }
        self.published.notify_one();
        std::future::pending().await
    }
}

#[tokio::test]
async fn t_09_two_hundred_deaths_between_acknowledgement_and_checkpoint_lose_nothing() {
    const DEATHS: usize = 200;
    const BATCH: usize = 10;
    let Some(kafka) = broker().await else { return };
    let topic = topic(&kafka, "t09", 3).await;
    let store = Arc::new(MemoryStorage::new());
    // Each life stores one batch and dies with the next one published.
    let last = fill(&*store, 20, 0, 105).await;
    let relay = || {
        let copy = Copy {
            topic: topic.clone(),
        };
        Relay::new("t09", copy, &kafka, ProducerOptions::default()).unwrap()
    };
    for _ in 0..DEATHS {
        let dying = Dies::after(1, relay());
        let (runner, _shutdown) = run(&store, dying.clone(), BATCH);
        dying.published.notified().await;
        runner.abort();
        runner.join().await;
        outlive_lease(&store);
    }
    let (runner, shutdown) = run(&store, Arc::new(relay()), BATCH);
    reached(&*store, "t09", last).await;
    shutdown.cancel();
    runner.join().await;

    let seen = read_all(&kafka.brokers, &topic, "read_committed").await;
    let repetitions = check(&seen, 20, 105);
    assert_eq!(
        repetitions,
        DEATHS * BATCH,
        "exactly what each death left without a checkpoint"
    );
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for message in &seen {
        *times.entry(&message.id).or_default() += 1;
    }
    assert!(
        times.values().all(|times| *times <= 2),
        "what was repeated has its checkpoint then: no death reaches behind the last one"
    );
}

#[tokio::test]
async fn t_09_deaths_in_the_middle_of_a_batch_lose_nothing_and_keep_the_order() {
    const WINDOW: usize = 7;
    let Some(kafka) = broker().await else { return };
    let topic = topic(&kafka, "t09m", 3).await;
    let store = Arc::new(MemoryStorage::new());
    let last = fill(&*store, 20, 0, 100).await;
    let relay = || {
        let copy = Copy {
            topic: topic.clone(),
        };
        let narrow = ProducerOptions {
            window_messages: WINDOW,
            ..ProducerOptions::default()
        };
        Arc::new(Relay::new("t09m", copy, &kafka, narrow).unwrap())
    };
    let mut at_most = 0;
    for death in 0..20 {
        let dying = relay();
        let gauges = dying.gauges();
        let (runner, _shutdown) = run(&store, dying, 2_000);
        // Somewhere in the batch, a little later each time.
        ingesta_testing::eventually("some acknowledgements", async || {
            (gauges.read().acknowledged > death * 40).then_some(())
        })
        .await;
        runner.abort();
        runner.join().await;
        at_most += usize::try_from(gauges.read().acknowledged).unwrap() + WINDOW;
        outlive_lease(&store);
    }
    let (runner, shutdown) = run(&store, relay(), 2_000);
    reached(&*store, "t09m", last).await;
    shutdown.cancel();
    runner.join().await;
    let seen = read_all(&kafka.brokers, &topic, "read_committed").await;
    let repetitions = check(&seen, 20, 100);
    assert!(
        repetitions <= at_most,
        "{repetitions}: of each life, what was acknowledged and one window of what was not"
    );
}
