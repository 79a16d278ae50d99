//! `LiveFeed`: one reader of the log, and everybody who watches it.
//!
//! Promises: however many watch, the log is read once for those who are up to date; those who are
//! behind read it themselves, a few at a time. It ends with its token, and every watch with it.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ingesta_event_store::{Backoff, EventStorage, Page, Position, StoreError, Tail};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::frame::{Frame, Told};
use super::recent::{Recent, Stretch};
use super::{Tell, TellError, Watch, WatchFrom};
use crate::Problem;

/// How a feed behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedOptions {
    /// Of what was told last, so much stays in memory for watchers that come back or are a little
    /// behind, in bytes. Default 8 MiB.
    pub recent_bytes: usize,
    /// So many may watch at once; one more is told to come back. Default 1,024.
    pub watchers: usize,
    /// Of those, so many read the log at once because they are behind. At least 1. Default 4.
    pub behind: usize,
    /// A watcher that nothing is told hears so often that its feed lives, and how far it is.
    /// Default 15 s.
    pub heartbeat: Duration,
    /// How often the log is looked at for what other processes have stored. Default 100 ms.
    pub poll: Duration,
}

impl Default for FeedOptions {
    fn default() -> Self {
        Self {
            recent_bytes: 8 * 1024 * 1024,
            watchers: 1024,
            behind: 4,
            heartbeat: Duration::from_secs(15),
            poll: Duration::from_millis(100),
        }
    }
}

/// A running feed. Cheap to clone.
#[derive(Clone)]
pub struct LiveFeed {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) storage: Arc<dyn EventStorage>,
    tell: Box<dyn Tell>,
    recent: RwLock<Recent>,
    reached: watch::Sender<Position>,
    pub(super) behind: Semaphore,
    pub(super) seats: Arc<Semaphore>,
    pub(super) options: FeedOptions,
    pub(super) stop: CancellationToken,
    tasks: TaskTracker,
}

impl LiveFeed {
    /// Starts to read the log at its end.
    ///
    /// # Errors
    /// When the store does not answer, or cannot say what is settled.
    pub async fn start(
        storage: Arc<dyn EventStorage>,
        tell: impl Tell,
        options: FeedOptions,
        stop: CancellationToken,
    ) -> Result<Self, StoreError> {
        // Not the position of the last event: an older transaction may still store something
        // before that.
        let settled = Position::new(storage.horizon().await?.over, 0);
        let shared = Arc::new(Shared {
            storage,
            tell: Box::new(tell),
            recent: RwLock::new(Recent::new(settled, options.recent_bytes)),
            reached: watch::Sender::new(settled),
            behind: Semaphore::new(options.behind.max(1)),
            seats: Arc::new(Semaphore::new(options.watchers)),
            options,
            stop,
            tasks: TaskTracker::new(),
        });
        shared.tasks.spawn(read(Arc::clone(&shared), settled));
        shared.tasks.close();
        Ok(Self { shared })
    }

    /// Watches from a place, for what the filter lets through.
    ///
    /// # Errors
    /// 503 where too many watch already, or the store does not answer; 400 for a place that the log
    /// does not have.
    pub async fn watch(
        &self,
        from: WatchFrom,
        filter: impl Fn(&Frame) -> bool + Send + Sync + 'static,
    ) -> Result<Watch, Problem> {
        Watch::begin(self, from, Box::new(filter)).await
    }

    /// How many are watching.
    #[must_use]
    pub fn watchers(&self) -> usize {
        let free = self.shared.seats.available_permits();
        self.shared.options.watchers.saturating_sub(free)
    }

    /// How far the log has been told.
    #[must_use]
    pub fn reached(&self) -> Position {
        *self.shared.reached.borrow()
    }

    /// Waits, after the token was cancelled, until the reader and every web socket have ended.
    pub async fn ended(&self) {
        self.shared.tasks.wait().await;
    }

    /// Keeps [`LiveFeed::ended`] waiting while it lives.
    pub(super) fn task(&self) -> TaskTrackerToken {
        self.shared.tasks.token()
    }
}

impl Shared {
    pub(super) fn moved(&self) -> watch::Receiver<Position> {
        self.reached.subscribe()
    }

    pub(super) fn recent(&self, at: Position, limit: usize) -> Stretch {
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
        recent.after(at, limit)
    }

    /// At most `limit` entries of the log itself behind `at`, told for one watcher, and where they
    /// end. Everything up to `settled` can be read.
    pub(super) async fn read_the_log(
        &self,
        at: Position,
        settled: Position,
        limit: usize,
    ) -> Result<(Vec<Told>, Position), Delay> {
        let page = self
            .storage
            .read_after(at, &self.tell.types(), limit)
            .await?;
        let told = self.told(&page).await?;
        // Where the log has nothing more, no event need stand exactly at the place.
        let nothing_between = if page.more { at } else { settled };
        Ok((told, page.reached.max(nothing_between)))
    }

    async fn told(&self, page: &Page) -> Result<Vec<Told>, TellError> {
        let mut told = Vec::with_capacity(page.events.len());
        for event in &page.events {
            let frames = self.tell.frames(event).await?;
            if !frames.is_empty() {
                told.push(Told::new(event.position, frames));
            }
        }
        Ok(told)
    }

    /// Tells a page to everybody, however long it takes until it can be told.
    async fn take_in(&self, page: &Page) {
        let mut backoff = pauses();
        let told = loop {
            match self.told(page).await {
                Ok(told) => break told,
                Err(error) => pause(&mut backoff, &error).await,
            }
        };
        let reached = {
            let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
            recent.push(told, page.reached);
            recent.reached()
        };
        self.reached.send_replace(reached);
    }
}

/// Why a watcher must wait.
#[derive(Debug, thiserror::Error)]
pub(super) enum Delay {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Tell(#[from] TellError),
}

async fn read(shared: Arc<Shared>, from: Position) {
    let storage = Arc::clone(&shared.storage);
    let mut tail = Tail::new(storage, from, shared.tell.types()).with_poll(shared.options.poll);
    let reading = async {
        let mut backoff = pauses();
        loop {
            match tail.next().await {
                Ok(page) => {
                    backoff.reset();
                    shared.take_in(&page).await;
                }
                Err(error) => pause(&mut backoff, &error).await,
            }
        }
    };
    tokio::select! {
        () = shared.stop.cancelled() => {}
        () = reading => {}
    }
}

pub(super) fn pauses() -> Backoff {
    Backoff::new(Duration::from_millis(50), Duration::from_secs(5))
}

async fn pause(backoff: &mut Backoff, error: &(impl std::error::Error + Sync)) {
    let cause = error.source().map(ToString::to_string);
    tracing::warn!(%error, cause, "the live feed waits");
    tokio::time::sleep(backoff.next_pause()).await;
}
