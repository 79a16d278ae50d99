//! One ownership of a subscription: what its owner knows, and the loop it runs until it ends.
//!
//! Everything here is thrown away with the lease. While any work is under way the lease is renewed
//! beside it; a renewal that finds the lease lost abandons the work, whose effects are then never
//! stored.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::board::Board;
use super::ended::Ended;
use super::reading::Ahead;
use super::stall::Stall;
use super::{Runner, RunnerOptions};
use crate::subscription::{Commit, Lease, Subscriber};
use crate::{Backoff, Position, Storage, StoreError, StreamId, TypeFilter};

pub(super) struct Term<'r> {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) subscriber: Arc<dyn Subscriber>,
    pub(super) options: &'r RunnerOptions,
    pub(super) board: &'r mut Board,
    pub(super) shutdown: &'r CancellationToken,
    pub(super) types: TypeFilter,
    pub(super) lease: Lease,
    pub(super) checkpoint: Position,
    /// Only the owner parks and unparks, so this is the truth; operators change *when* and *where*
    /// a parked stream is tried, never *that* it is parked.
    pub(super) parked: HashSet<StreamId>,
    /// When parked streams are looked at next.
    pub(super) retry_at: Instant,
    pub(super) retry_pause: Backoff,
    pub(super) renewed: Instant,
    pub(super) stall: Stall,
    /// How soon an idle look is repeated.
    pub(super) idle_pause: Duration,
    /// Where the way ends, if it does.
    pub(super) until: Option<Position>,
    /// The page behind the one in work.
    pub(super) ahead: Option<Ahead>,
}

impl<'r> Term<'r> {
    pub(super) fn new(
        runner: &'r Runner,
        lease: Lease,
        board: &'r mut Board,
        shutdown: &'r CancellationToken,
    ) -> Self {
        let options = &runner.options;
        Self {
            storage: Arc::clone(&runner.storage),
            subscriber: Arc::clone(&runner.subscriber),
            types: runner.subscriber.types(),
            checkpoint: lease.checkpoint,
            parked: HashSet::new(),
            retry_at: Instant::now(),
            retry_pause: Backoff::new(options.pause_min, options.pause_max),
            renewed: Instant::now(),
            stall: Stall::new(options.stall_warn_after, options.warn_every),
            idle_pause: options.poll_or_least(),
            until: runner.until,
            ahead: None,
            options,
            lease,
            board,
            shutdown,
        }
    }

    /// Follows the log until something ends that.
    pub(super) async fn follow(mut self) -> Ended {
        match self.follow_on().await {
            Ok(never) => match never {},
            Err(ended) => ended,
        }
    }

    async fn follow_on(&mut self) -> Result<std::convert::Infallible, Ended> {
        let storage = Arc::clone(&self.storage);
        let subscriber = Arc::clone(&self.subscriber);
        let mut appended: watch::Receiver<u64> = storage.appended();
        self.guard(subscriber.start()).await??;
        let parked = self
            .ask("reading parked streams", storage.parked(subscriber.name()))
            .await?;
        self.parked = parked.into_iter().map(|row| row.stream).collect();
        loop {
            self.until_shutdown()?;
            self.until_arrived()?;
            self.retry_due().await?;
            let page = self.page(&mut appended).await?;
            self.board.following(self.checkpoint);
            let (more, events) = (page.more, page.events.len());
            if page.reached > self.checkpoint {
                self.read_ahead(&page, &mut appended);
                self.advance(page).await?;
                self.idle_pause = self.options.poll_or_least();
                self.stall.moved();
            } else {
                self.look_for_stall().await;
            }
            if more {
                continue;
            }
            if let Some(pause) = self.options.gathering(events) {
                sleep(pause).await;
            }
            self.until_arrived()?;
            self.idle(&mut appended).await?;
        }
    }

    pub(super) fn until_shutdown(&self) -> Result<(), Ended> {
        if self.shutdown.is_cancelled() {
            Err(Ended::Shutdown)
        } else {
            Ok(())
        }
    }

    fn until_arrived(&self) -> Result<(), Ended> {
        match self.until {
            Some(end) if self.checkpoint >= end => Err(Ended::Arrived),
            _ => Ok(()),
        }
    }

    /// Stores one step. An error here ends the ownership, also where nothing was stored: only
    /// acquiring again tells which.
    pub(super) async fn commit(&mut self, commit: Commit) -> Result<(), StoreError> {
        let checkpoint = commit.checkpoint;
        if !commit.park.is_empty() || !commit.unpark.is_empty() {
            self.ahead = None;
        }
        let parked: Vec<_> = commit.park.iter().map(|park| park.stream.clone()).collect();
        let freed = commit.unpark.iter().filter(|unpark| unpark.next.is_none());
        let freed: Vec<_> = freed.map(|unpark| unpark.stream.clone()).collect();

        let begun = Instant::now();
        let stored = self.storage.commit(&self.lease, commit);
        in_time(self.options.answer_within, "committing a step", stored).await?;
        self.renewed = begun;
        self.board.committed();
        if !parked.is_empty() && self.parked.is_empty() {
            self.retry_at = begun + self.options.parked_poll.min(self.options.retry_min);
        }
        self.parked.extend(parked);
        for stream in &freed {
            self.parked.remove(stream);
        }
        if let Some(checkpoint) = checkpoint {
            self.checkpoint = checkpoint;
            self.board.following(checkpoint);
        }
        Ok(())
    }

    pub(super) fn renewal_due(&self) -> Instant {
        self.renewed + self.lease.duration / 3
    }

    /// Renews the lease if it is time to.
    pub(super) async fn renew_if_due(&mut self) -> Result<(), Ended> {
        if Instant::now() >= self.renewal_due() {
            self.commit(Commit::default()).await?;
        }
        Ok(())
    }

    /// Does `work` with the lease renewed beside it, and not for ever after shutdown was asked for.
    ///
    /// A renewal that is under way when the work is done is waited for: a cancelled statement
    /// would cost its connection.
    pub(super) async fn guard<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Ended> {
        let storage = Arc::clone(&self.storage);
        let (shutdown, grace) = (self.shutdown, self.options.shutdown_grace);
        let too_long = async move {
            shutdown.cancelled().await;
            sleep(grace).await;
        };
        tokio::pin!(work, too_long);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                () = &mut too_long => return Err(Ended::Shutdown),
                () = sleep_until(self.renewal_due()) => {}
            }
            let begun = Instant::now();
            let renewal = storage.commit(&self.lease, Commit::default());
            let renewal = in_time(self.options.answer_within, "renewing the lease", renewal);
            tokio::pin!(renewal);
            let (done, renewed) = tokio::select! {
                done = &mut work => (Some(done), renewal.await),
                renewed = &mut renewal => (None, renewed),
            };
            // Also where the store is away for a moment the next try comes after a third of the
            // lease: whether it is still ours, the next commit finds out.
            self.renewed = begun;
            match renewed {
                Err(error @ StoreError::LeaseLost { .. }) => return Err(error.into()),
                Err(error) => tracing::warn!(
                    subscription = self.lease.name, %error, "the lease could not be renewed"
                ),
                Ok(()) => {}
            }
            if let Some(done) = done {
                return Ok(done);
            }
        }
    }

    /// Asks the store, for which the same holds.
    pub(super) async fn ask<T>(
        &mut self,
        attempted: &'static str,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, Ended> {
        let answer = in_time(self.options.answer_within, attempted, answer);
        Ok(self.guard(answer).await??)
    }

    /// Waits, as part of a step: the lease is renewed, and shutdown cuts it short.
    pub(super) async fn rest(&mut self, pause: Duration) -> Result<(), Ended> {
        let shutdown = self.shutdown;
        let waited = tokio::time::timeout(pause, shutdown.cancelled());
        self.guard(waited)
            .await?
            .map_or(Ok(()), |()| Err(Ended::Shutdown))
    }
}

/// A connection that is dead without saying so must not hold a subscription for ever.
pub(super) async fn in_time<T>(
    limit: Duration,
    attempted: &'static str,
    answer: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    tokio::time::timeout(limit, answer)
        .await
        .unwrap_or_else(|cause| {
            Err(StoreError::Unavailable {
                attempted,
                cause: cause.into(),
            })
        })
}
