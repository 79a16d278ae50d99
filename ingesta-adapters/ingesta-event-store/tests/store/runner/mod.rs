//! How the runner behaves, on the in-memory store: order, parking, retries, leases, shutdown.
//!
//! What a subscriber did is recorded by effects, so it counts only if it was stored with the
//! checkpoint: a double or a hole shows as such.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what fails here fails the test"
)]

mod lease;
mod parking;
mod store_faults;
mod until;
mod waiting;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ingesta_event_store::subscription::{
    ConsumeError, Effect, Runner, RunnerHandle, RunnerOptions, RunnerStatus, Subscriber,
};
use ingesta_event_store::{
    Append, EventStorage, MemoryStorage, NewEvent, Position, RecordedEvent, StoreError,
    StreamAppend, StreamId, SubscriptionStorage, TypeFilter,
};
use ingesta_testing::eventually;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

const NAME: &str = "recorder";

/// What the recorder has stored of every stream, and how it is to fail.
struct Recorder {
    stored: Arc<Mutex<BTreeMap<String, Vec<u64>>>>,
    poison: Mutex<HashSet<(String, u64)>>,
    panics: Mutex<HashSet<(String, u64)>>,
    away: AtomicBool,
    calls: AtomicUsize,
    starts: AtomicUsize,
    /// Every call takes one permit; closed: nobody waits.
    gate: Semaphore,
}

impl Recorder {
    fn new() -> Arc<Self> {
        let gate = Semaphore::new(0);
        gate.close();
        Self::with_gate(gate)
    }

    /// A recorder whose calls wait for permits.
    fn slow() -> Arc<Self> {
        Self::with_gate(Semaphore::new(0))
    }

    fn with_gate(gate: Semaphore) -> Arc<Self> {
        Arc::new(Self {
            stored: Arc::default(),
            poison: Mutex::default(),
            panics: Mutex::default(),
            away: AtomicBool::new(false),
            calls: AtomicUsize::new(0),
            starts: AtomicUsize::new(0),
            gate,
        })
    }

    fn poisons(&self, id: &str, sequence: u64) {
        self.poison
            .lock()
            .unwrap()
            .insert((id.to_owned(), sequence));
    }

    fn heals(&self) {
        self.poison.lock().unwrap().clear();
        self.panics.lock().unwrap().clear();
    }

    fn stored(&self, id: &str) -> Vec<u64> {
        self.stored
            .lock()
            .unwrap()
            .get(id)
            .cloned()
            .unwrap_or_default()
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Subscriber for Recorder {
    fn name(&self) -> &str {
        NAME
    }

    fn types(&self) -> TypeFilter {
        TypeFilter::Only(vec!["thing".into()])
    }

    async fn start(&self) -> Result<(), StoreError> {
        self.starts.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn consume(&self, batch: &[RecordedEvent]) -> Result<Vec<Effect>, ConsumeError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if let Ok(permit) = self.gate.acquire().await {
            permit.forget();
        }
        if self.away.load(Ordering::SeqCst) {
            return Err(ConsumeError::transient("the broker is away"));
        }
        let key = |event: &RecordedEvent| (event.stream.aggregate_id.clone(), event.sequence);
        let has_panic = batch
            .iter()
            .any(|event| self.panics.lock().unwrap().contains(&key(event)));
        assert!(!has_panic, "on order");
        let poisoned = |event: &RecordedEvent| self.poison.lock().unwrap().contains(&key(event));
        if let Some(index) = batch.iter().position(poisoned) {
            return Err(ConsumeError::event(index, "poison", "It is poisoned."));
        }
        let done: Vec<_> = batch.iter().map(key).collect();
        let stored = Arc::clone(&self.stored);
        Ok(vec![Effect::InMemory(Box::new(move || {
            let mut stored = stored.lock().unwrap();
            for (id, sequence) in done {
                stored.entry(id).or_default().push(sequence);
            }
        }))])
    }
}

/// Quick where tests wait for it, patient where they must not depend on it.
fn options() -> RunnerOptions {
    RunnerOptions {
        poll: Duration::from_millis(5),
        parked_poll: Duration::from_millis(5),
        pause_min: Duration::from_millis(1),
        pause_max: Duration::from_millis(5),
        recheck: Duration::from_millis(5),
        // A parked stream is tried again when a test pushes the clock on, or resumes it.
        retry_min: Duration::from_secs(3600),
        retry_max: Duration::from_secs(7200),
        ..RunnerOptions::default()
    }
}

/// A store, and a runner over it that ends with the test.
struct Run {
    store: MemoryStorage,
    handle: RunnerHandle,
    shutdown: CancellationToken,
}

impl Run {
    fn over(store: &MemoryStorage, recorder: &Arc<Recorder>, options: RunnerOptions) -> Self {
        let shutdown = CancellationToken::new();
        let runner = Runner::new(Arc::new(store.clone()), Arc::clone(recorder) as _, options);
        let handle = runner.spawn(shutdown.clone());
        Self {
            store: store.clone(),
            handle,
            shutdown,
        }
    }

    async fn reaches_head(&self) {
        reaches_head(&self.store).await;
    }

    async fn becomes(&self, what: &str, wanted: impl Fn(&RunnerStatus) -> bool) {
        let mut status = self.handle.status();
        let seen = tokio::time::timeout(ingesta_testing::PATIENCE, status.wait_for(|s| wanted(s)));
        assert!(
            matches!(seen.await, Ok(Ok(_))),
            "the runner did not become {what}"
        );
    }

    async fn ends(self) {
        self.shutdown.cancel();
        self.handle.join().await;
    }
}

async fn reaches_head(store: &MemoryStorage) {
    let head = store.head().await.unwrap();
    eventually("the checkpoint to reach the head", async || {
        (store.checkpoint(NAME).await.unwrap() == Some(head)).then_some(())
    })
    .await;
}

/// One more event for the thing `id`.
async fn happens(store: &MemoryStorage, id: &str) -> Position {
    happens_to(store, StreamId::new("thing", id.to_owned())).await
}

async fn happens_to(store: &MemoryStorage, stream: StreamId) -> Position {
    let expected_version = store.load(&stream, 0).await.unwrap().len() as u64;
    let event = NewEvent {
        event_type: "Happened".into(),
        event_version: "1.0".into(),
        payload: "{}".into(),
        metadata: "{}".into(),
    };
    let streams = vec![StreamAppend {
        stream,
        expected_version,
        events: vec![event],
    }];
    store
        .append(Append {
            streams,
            command: None,
        })
        .await
        .unwrap()
        .position
}

fn thing(id: &str) -> StreamId {
    StreamId::new("thing", id.to_owned())
}

fn away() -> StoreError {
    StoreError::Unavailable {
        attempted: "testing",
        cause: "a fault on order".into(),
    }
}

#[tokio::test]
async fn every_event_is_stored_once_and_in_order() {
    let (store, recorder) = (MemoryStorage::new(), Recorder::new());
    let run = Run::over(
        &store,
        &recorder,
        RunnerOptions {
            batch_max: 3,
            ..options()
        },
    );
    let mut versions = HashMap::new();
    for n in 0..100_u64 {
        let id = format!("{}", n * n % 7);
        happens(&store, &id).await;
        happens_to(&store, StreamId::new("other", id.clone())).await;
        *versions.entry(id).or_insert(0_u64) += 1;
    }
    run.reaches_head().await;
    for (id, version) in versions {
        assert_eq!(
            recorder.stored(&id),
            (1..=version).collect::<Vec<_>>(),
            "stream {id}"
        );
    }
    assert_eq!(recorder.starts.load(Ordering::SeqCst), 1);
    run.ends().await;
}

#[tokio::test]
async fn what_it_does_not_want_moves_the_checkpoint() {
    let (store, recorder) = (MemoryStorage::new(), Recorder::new());
    let run = Run::over(&store, &recorder, options());
    happens_to(&store, StreamId::new("other", "1")).await;
    run.reaches_head().await;
    assert_eq!(
        recorder.calls(),
        0,
        "it was not bothered with events that it does not want"
    );
    run.ends().await;
}

#[tokio::test]
async fn what_needs_something_that_is_away_is_tried_again_and_nothing_is_parked() {
    let (store, recorder) = (MemoryStorage::new(), Recorder::new());
    recorder.away.store(true, Ordering::SeqCst);
    let run = Run::over(&store, &recorder, options());
    happens(&store, "a").await;
    eventually("several tries", async || {
        (recorder.calls() > 5).then_some(())
    })
    .await;
    assert!(store.parked(NAME).await.unwrap().is_empty());
    assert_eq!(store.checkpoint(NAME).await.unwrap(), Some(Position::START));
    recorder.away.store(false, Ordering::SeqCst);
    run.reaches_head().await;
    assert_eq!(recorder.stored("a"), [1]);
    assert!(store.parked(NAME).await.unwrap().is_empty());
    run.ends().await;
}

#[tokio::test]
async fn shutdown_ends_the_step_gives_back_the_lease_and_says_so() {
    let (store, recorder) = (MemoryStorage::new(), Recorder::slow());
    let run = Run::over(&store, &recorder, options());
    happens(&store, "a").await;
    eventually("a step under way", async || {
        (recorder.calls() == 1).then_some(())
    })
    .await;
    run.shutdown.cancel();
    recorder.gate.add_permits(1);
    let status = run.handle.status();
    run.handle.join().await;
    assert_eq!(recorder.stored("a"), [1], "the step was finished");
    assert_eq!(*status.borrow(), RunnerStatus::Ended);
    let kept = store.subscriptions().await.unwrap().remove(0);
    assert_eq!(
        (kept.owner, kept.running),
        (None, false),
        "the lease was given back"
    );
}

#[tokio::test]
async fn shutdown_does_not_wait_for_ever() {
    let (store, recorder) = (MemoryStorage::new(), Recorder::slow());
    let grace = Duration::from_millis(1);
    let run = Run::over(
        &store,
        &recorder,
        RunnerOptions {
            shutdown_grace: grace,
            ..options()
        },
    );
    happens(&store, "a").await;
    eventually("a step under way", async || {
        (recorder.calls() == 1).then_some(())
    })
    .await;
    run.ends().await;
    assert!(
        recorder.stored("a").is_empty(),
        "an abandoned step stores nothing"
    );
    let kept = store.subscriptions().await.unwrap().remove(0);
    assert_eq!(kept.owner, None, "the lease was given back all the same");
    assert_eq!(store.checkpoint(NAME).await.unwrap(), Some(Position::START));
}
