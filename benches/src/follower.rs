//! A subscription that runs in the bench's own process, started and stopped at will.
//!
//! Two followers follow nothing but the log itself: [`Nothing`] takes events and leaves them, and
//! tells when it had them. It never waits for long: a follower that stands still is a failure.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use async_trait::async_trait;
use ingesta_event_store::subscription::{
    ConsumeError, Effect, Runner, RunnerHandle, RunnerOptions, Subscriber, Waited, wait_for,
};
use ingesta_event_store::{Position, RecordedEvent, Storage};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::lags::Steps;

/// Longer than any follower here may need.
const PATIENCE: Duration = Duration::from_secs(300);

/// A running subscription.
pub struct Follower {
    storage: Arc<dyn Storage>,
    name: String,
    handle: RunnerHandle,
    token: CancellationToken,
}

impl Follower {
    /// Starts it, and waits until it has come to the end of the log.
    ///
    /// # Errors
    /// When it does not.
    pub async fn start(
        storage: Arc<dyn Storage>,
        subscriber: Arc<dyn Subscriber>,
        options: RunnerOptions,
    ) -> anyhow::Result<Self> {
        let (name, token) = (subscriber.name().to_owned(), CancellationToken::new());
        let runner = Runner::new(Arc::clone(&storage), subscriber, options);
        let handle = runner.spawn(token.clone());
        let this = Self {
            storage,
            name,
            handle,
            token,
        };
        this.catch_up().await?;
        Ok(this)
    }

    /// Waits until it has come to the present end of the log.
    ///
    /// # Errors
    /// When it does not, or has left something out.
    pub async fn catch_up(&self) -> anyhow::Result<()> {
        let head = self.storage.head().await?;
        self.reach(head).await?;
        let parked = self.storage.parked(&self.name).await?;
        ensure!(parked.is_empty(), "a follower has parked a stream");
        Ok(())
    }

    /// Waits until it has come so far.
    ///
    /// # Errors
    /// When it does not.
    pub async fn reach(&self, position: Position) -> anyhow::Result<()> {
        let local = Some(self.handle.position());
        let waited = wait_for(&*self.storage, &self.name, position, PATIENCE, local).await?;
        ensure!(waited == Waited::Reached, "a follower stands still");
        Ok(())
    }

    /// Where it is, now and from now on.
    #[must_use]
    pub fn position(&self) -> watch::Receiver<Position> {
        self.handle.position()
    }

    /// Ends it.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.token.cancel();
        let ended = tokio::time::timeout(PATIENCE, self.handle.join()).await;
        ended.context("a follower does not stop")
    }
}

/// Takes every event and does nothing with it.
#[derive(Default)]
pub struct Nothing {
    /// When it had what.
    pub seen: Steps,
}

#[async_trait]
impl Subscriber for Nothing {
    fn name(&self) -> &str {
        "nothing"
    }

    async fn consume(&self, batch: &[RecordedEvent]) -> Result<Vec<Effect>, ConsumeError> {
        if let Some(last) = batch.last() {
            self.seen.note(last.position);
        }
        Ok(Vec::new())
    }
}
