//! `Watch`: one watcher's place in the feed.
//!
//! Promises: what it gives out is in log order and moves its place on; a call that is dropped loses
//! nothing; it holds a place, a filter, and while it is asked a few frames.

use std::sync::Arc;

use axum::http::HeaderMap;
use ingesta_event_store::Position;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, timeout_at};

use super::feed::{Delay, LiveFeed, Shared, pauses};
use super::frame::{Frame, Shown, Told};
use super::recent::Stretch;
use super::refusals;
use crate::Problem;
use crate::header_text::single;

/// Entries that one call gives out at most, and that a slow watcher holds.
const BATCH: usize = 32;

type Filter = Box<dyn Fn(&Frame) -> bool + Send + Sync>;

/// Where a watcher begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchFrom {
    /// With the first event that was ever stored.
    Start,
    /// With what happens next.
    Now,
    /// Behind what it has had already.
    After(Position),
}

impl WatchFrom {
    /// What a request asks for: the header `Last-Event-ID` of a browser that comes back, else
    /// `desde`: `inicio`, or a position from any answer; else what happens next.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn of(headers: &HeaderMap, desde: Option<&str>) -> Result<Self, Problem> {
        let last = single(headers, "last-event-id").map_err(|_| refusals::no_cursor())?;
        match last.or(desde) {
            None => Ok(Self::Now),
            Some("inicio") => Ok(Self::Start),
            Some(position) => match position.parse() {
                Ok(position) => Ok(Self::After(position)),
                Err(_) => Err(refusals::no_cursor()),
            },
        }
    }
}

/// What comes next for a watcher. Without frames: nothing for it, but its feed lives.
#[derive(Debug)]
pub struct Batch {
    pub(super) frames: Vec<Shown>,
    /// Where to go on after all of it.
    pub(super) reached: Position,
}

impl Batch {
    /// The frames, in log order.
    pub fn frames(&self) -> impl Iterator<Item = &Frame> {
        self.frames.iter().map(|shown| &shown.written.frame)
    }

    /// The same, each with the cursor behind it; `None` where more of the same log entry follows.
    pub fn told(&self) -> impl Iterator<Item = (Option<Position>, &Frame)> {
        self.frames.iter().map(|shown| {
            let cursor = shown.last.then_some(shown.written.position);
            (cursor, &shown.written.frame)
        })
    }

    /// The cursor behind them.
    #[must_use]
    pub fn reached(&self) -> Position {
        self.reached
    }
}

/// One that watches.
pub struct Watch {
    pub(super) feed: LiveFeed,
    at: Position,
    filter: Filter,
    moved: watch::Receiver<Position>,
    _seat: OwnedSemaphorePermit,
}

impl Watch {
    pub(super) async fn begin(
        feed: &LiveFeed,
        from: WatchFrom,
        filter: Filter,
    ) -> Result<Self, Problem> {
        let shared = &feed.shared;
        let seat = Arc::clone(&shared.seats).try_acquire_owned();
        let seat = seat.map_err(|_| refusals::too_many())?;
        let moved = shared.moved();
        let told = *moved.borrow();
        let at = match from {
            WatchFrom::Start => Position::START,
            WatchFrom::Now => told,
            WatchFrom::After(position) if position <= told => position,
            WatchFrom::After(position) => known(shared, position).await?,
        };
        Ok(Self {
            feed: feed.clone(),
            at,
            filter,
            moved,
            _seat: seat,
        })
    }

    /// The cursor of what was given out.
    #[must_use]
    pub fn at(&self) -> Position {
        self.at
    }

    /// What comes next. Waits for it, and for the heartbeat at most. `None`: the feed has ended.
    pub async fn next(&mut self) -> Option<Batch> {
        let shared = Arc::clone(&self.feed.shared);
        let due = Instant::now() + shared.options.heartbeat;
        let stop = shared.stop.clone();
        tokio::select! {
            () = stop.cancelled() => None,
            batch = self.step(&shared, due) => Some(batch),
        }
    }

    async fn step(&mut self, shared: &Shared, due: Instant) -> Batch {
        let mut backoff = pauses();
        loop {
            self.moved.borrow_and_update();
            let frames = match shared.recent(self.at, BATCH) {
                Stretch::Here { told, reached } => {
                    self.take(told.iter().map(|told| &**told), reached)
                }
                Stretch::UpToDate => {
                    // An error here is the end of the feed, which ends this call too.
                    drop(timeout_at(due, self.moved.changed()).await);
                    Vec::new()
                }
                Stretch::TooOld { from } => match timeout_at(due, self.read(shared, from)).await {
                    Ok(Ok((told, reached))) => self.take(told.iter(), reached),
                    Ok(Err(error)) => {
                        tracing::debug!(%error, "a watcher waits for the log");
                        drop(timeout_at(due, tokio::time::sleep(backoff.next_pause())).await);
                        Vec::new()
                    }
                    Err(_late) => Vec::new(),
                },
            };
            if !frames.is_empty() || Instant::now() >= due {
                return Batch {
                    frames,
                    reached: self.at,
                };
            }
        }
    }

    async fn read(
        &self,
        shared: &Shared,
        settled: Position,
    ) -> Result<(Vec<Told>, Position), Delay> {
        // It is never closed.
        let _turn = shared.behind.acquire().await;
        shared.read_the_log(self.at, settled, BATCH).await
    }

    /// What this watcher may see of it. Its place moves on.
    fn take<'a>(&mut self, told: impl Iterator<Item = &'a Told>, reached: Position) -> Vec<Shown> {
        self.at = self.at.max(reached);
        told.flat_map(|told| told.seen(&self.filter)).collect()
    }
}

/// A place that nothing has been told of yet, where the log has it.
async fn known(shared: &Shared, position: Position) -> Result<Position, Problem> {
    let head = shared.storage.head().await;
    let head = head.map_err(|error| refusals::away().caused_by(&error))?;
    if position > head {
        return Err(refusals::not_there());
    }
    Ok(position)
}
