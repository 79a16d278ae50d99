//! How the runner behaves, on the in-memory store: order, parking, retries, leases, shutdown.
//!
//! What a subscriber did is recorded by effects, so it counts only if it was stored with the
//! checkpoint: a double or a hole shows as such.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what fails here fails the test"
)]

mod ahead;
mod lease;
mod parking;
mod plain;
mod recorder;
mod refusals;
mod store_faults;
mod until;
mod waiting;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ingesta_event_store::subscription::{Runner, RunnerHandle, RunnerOptions, RunnerStatus};
use ingesta_event_store::{
    Append, EventStorage, MemoryStorage, NewEvent, Position, StoreError, StreamAppend, StreamId,
    SubscriptionStorage,
};
use ingesta_testing::eventually;
use tokio_util::sync::CancellationToken;

use recorder::Recorder;

const NAME: &str = "recorder";

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

    /// Ends when the one event of "a" is stored, once.
    async fn ends_well(self, recorder: &Recorder) {
        self.reaches_head().await;
        assert_eq!(recorder.stored("a"), [1]);
        self.ends().await;
    }

    async fn ends(self) {
        self.shutdown.cancel();
        self.handle.join().await;
    }
}

/// A store, and a recorder that nobody holds up.
fn place() -> (MemoryStorage, Arc<Recorder>) {
    (MemoryStorage::new(), Recorder::new())
}

/// A store, and a recorder whose every call waits for leave.
fn slow_place() -> (MemoryStorage, Arc<Recorder>) {
    (MemoryStorage::new(), Recorder::slow())
}

/// A runner in the middle of its first step: the first event of "a", which waits for leave.
async fn under_way(options: RunnerOptions) -> (MemoryStorage, Arc<Recorder>, Run) {
    let (store, recorder) = slow_place();
    let run = Run::over(&store, &recorder, options);
    happens(&store, "a").await;
    eventually("a step under way", async || {
        (recorder.calls() == 1).then_some(())
    })
    .await;
    (store, recorder, run)
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
