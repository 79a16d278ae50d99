//! The runner: it takes the lease of one subscription and carries a subscriber along the log.
//!
//! Promises: events of a stream reach the subscriber in order and none is left out; effects,
//! checkpoint and parked streams are stored together; whoever lost the lease writes nothing; a
//! failing or panicking event parks its own stream and no other; nothing but its token ends it.
//! It does not say what to do with an event (that is the [`Subscriber`]), and it starts no threads:
//! one runner is one task, and while there is much to do a second one that reads ahead of it.

mod again;
mod board;
mod call;
mod ended;
mod handle;
mod idle;
mod main_flow;
mod options;
mod reading;
mod refusal;
mod retry;
mod settle;
mod stall;
mod term;
mod wait;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

pub use handle::{RunnerHandle, RunnerStatus};
pub use options::RunnerOptions;
pub use wait::{Waited, wait_for};

use self::again::Again;
use self::board::Board;
use self::ended::Ended;
use self::term::Term;
use super::{Lease, Subscriber};
use crate::backoff::jittered;
use crate::{Backoff, Position, Storage, StoreError};

/// Advances one subscription for as long as it holds its lease.
///
/// Run one on every server: one of them works, the others stand by and take over when its lease
/// runs out.
///
/// ```
/// use std::sync::Arc;
///
/// use async_trait::async_trait;
/// use ingesta_event_store::subscription::{ConsumeError, Effect, Runner, RunnerOptions, Subscriber};
/// use ingesta_event_store::{MemoryStorage, RecordedEvent};
/// use tokio_util::sync::CancellationToken;
///
/// struct Counter;
///
/// #[async_trait]
/// impl Subscriber for Counter {
///     fn name(&self) -> &str {
///         "counter"
///     }
///
///     async fn consume(&self, batch: &[RecordedEvent]) -> Result<Vec<Effect>, ConsumeError> {
///         // A refusal names the event: its stream is parked, and the others go on.
///         if let Some(index) = batch.iter().position(|event| event.event_type == "Unknown") {
///             return Err(ConsumeError::event(index, "undecodable", "no such event type"));
///         }
///         Ok(Vec::new())
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let shutdown = CancellationToken::new();
/// let store = Arc::new(MemoryStorage::new());
/// let runner = Runner::new(store, Arc::new(Counter), RunnerOptions::default());
/// let handle = runner.spawn(shutdown.clone());
/// shutdown.cancel();
/// handle.join().await;
/// # });
/// ```
pub struct Runner {
    storage: Arc<dyn Storage>,
    subscriber: Arc<dyn Subscriber>,
    options: RunnerOptions,
    until: Option<Position>,
}

impl Runner {
    /// A runner that does nothing yet.
    #[must_use]
    pub fn new(
        storage: Arc<dyn Storage>,
        subscriber: Arc<dyn Subscriber>,
        options: RunnerOptions,
    ) -> Self {
        Self {
            storage,
            subscriber,
            options: options.bounded(),
            until: None,
        }
    }

    /// Takes the subscription to `position` and ends: nothing after it is read, and the checkpoint
    /// stands at `position` when [`RunnerHandle::join`] returns. It ends at once where the
    /// checkpoint is there already or beyond, and waits while events before `position` may still come.
    #[must_use]
    pub fn until(mut self, position: Position) -> Self {
        self.until = Some(position);
        self
    }

    /// Starts it. It ends when `shutdown` is cancelled or it is where it was to go, and for no
    /// other reason.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn spawn(self, shutdown: CancellationToken) -> RunnerHandle {
        let (board, status, position) = Board::new(self.subscriber.name());
        let task = tokio::spawn(self.run(board, shutdown));
        RunnerHandle::new(task, status, position)
    }

    async fn run(self, mut board: Board, shutdown: CancellationToken) {
        // A step has its grace and the release has a lease's time; this is for a store that hangs.
        let too_late = async {
            shutdown.cancelled().await;
            tokio::time::sleep(self.options.shutdown_grace + self.options.lease_or_least()).await;
        };
        let in_time = tokio::select! {
            () = self.go_on(&mut board, &shutdown) => true,
            () = too_late => false,
        };
        if !in_time {
            tracing::warn!(
                subscription = board.name(),
                "shut down in the middle of a step"
            );
        }
        board.ended();
    }

    async fn go_on(&self, board: &mut Board, shutdown: &CancellationToken) {
        let mut backoff = Backoff::new(self.options.pause_min, self.options.pause_max);
        let mut again = Again::new(self.options.lease_or_least());
        while !shutdown.is_cancelled() {
            let pause = match self.once(board, shutdown).await {
                Ended::Shutdown | Ended::Arrived => break,
                Ended::Elsewhere => {
                    board.standby();
                    jittered(again.pause(self.options.standby_poll()))
                }
                Ended::Panicked => {
                    board.stopped("the subscription's code panicked outside the work on an event");
                    self.options.recheck
                }
                Ended::Failed(StoreError::LeaseLost { .. }) => {
                    board.lease_lost();
                    again.lost(board.take_progress());
                    jittered(again.pause(self.options.standby_poll()))
                }
                Ended::Failed(error) => {
                    if board.take_progress() {
                        backoff.reset();
                    }
                    self.after_failure(board, &error, &mut backoff)
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// How long to wait after a failure; says it aloud where somebody must act.
    fn after_failure(
        &self,
        board: &mut Board,
        error: &StoreError,
        backoff: &mut Backoff,
    ) -> Duration {
        if error.is_transient() {
            board.unavailable(error);
            return backoff.next_pause();
        }
        board.stopped(error);
        self.options.recheck
    }

    /// From taking the lease to the end of this ownership.
    async fn once(&self, board: &mut Board, shutdown: &CancellationToken) -> Ended {
        let name = self.subscriber.name();
        let acquired = self
            .storage
            .acquire(name, &self.options.owner, self.options.lease_or_least())
            .await;
        let lease = match acquired {
            Ok(Some(lease)) => lease,
            Ok(None) => return Ended::Elsewhere,
            Err(error) => return Ended::Failed(error),
        };
        board.acquired(&lease);
        let term = Term::new(self, lease.clone(), board, shutdown);
        let ended = AssertUnwindSafe(term.follow()).catch_unwind().await;
        self.release(&lease).await;
        ended.unwrap_or(Ended::Panicked)
    }

    /// Whatever ended the ownership: a lease that is given back need not run out first. If a
    /// commit's outcome is unknown, the next owner's epoch settles it.
    async fn release(&self, lease: &Lease) {
        let released = tokio::time::timeout(lease.duration, self.storage.release(lease)).await;
        if !matches!(released, Ok(Ok(()))) {
            tracing::debug!(
                subscription = lease.name,
                "the lease was not released: it runs out"
            );
        }
    }
}
