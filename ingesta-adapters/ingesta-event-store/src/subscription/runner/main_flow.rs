//! One page of the log: processed, and stored with the checkpoint that it reaches.
//!
//! Normally that is one call and one commit. When some event is to blame and it is not known which,
//! the page is done event by event, each with its own checkpoint, until the culprit is parked.

use std::sync::Arc;

use tokio::time::Instant;

use super::call::TransientCause;
use super::ended::Ended;
use super::refusal;
use super::settle::{FailedEvent, Settled, settle};
use super::term::Term;
use crate::subscription::obstacle::Obstacle;
use crate::subscription::{Commit, Park};
use crate::{Backoff, Page, Position, RecordedEvent, StoreError};

impl Term<'_> {
    /// Takes the subscription to the end of the page.
    pub(super) async fn advance(&mut self, page: Page) -> Result<(), Ended> {
        // Events of parked streams queue behind the failed one: the log keeps them.
        let mut events = page.events;
        events.retain(|event| !self.parked.contains(&event.stream));

        let (mut from, mut size) = (0, events.len());
        loop {
            let to = (from + size).min(events.len());
            let reached = if to == events.len() {
                page.reached
            } else {
                events[to - 1].position
            };
            if self.pass(&events[from..to], reached).await? {
                from = to;
            } else {
                size = 1;
            }
            if from == events.len() {
                return Ok(());
            }
            // Between steps, not in the middle of one: what was stored has its checkpoint.
            self.until_shutdown()?;
        }
    }

    /// Processes and stores one stretch. `false`: nothing was stored, do it event by event.
    async fn pass(&mut self, stretch: &[RecordedEvent], reached: Position) -> Result<bool, Ended> {
        // Event by event, an earlier event of this page may have parked the stream meanwhile.
        let single = stretch.len() == 1;
        let queued = single && self.parked.contains(&stretch[0].stream);
        let stretch = if queued { &[] } else { stretch };

        let Some((effects, failed)) = self.process(stretch).await? else {
            return Ok(false);
        };
        let park = failed
            .into_iter()
            .map(|failed| self.park(failed, 1))
            .collect();
        let commit = Commit {
            checkpoint: Some(reached),
            park,
            effects,
            ..Commit::default()
        };
        match self.commit(commit).await {
            Ok(()) => Ok(true),
            Err(error) => {
                self.blame(stretch, error, Some(reached), 1).await?;
                Ok(single)
            }
        }
    }

    /// Has a stretch processed, however often it takes while something is away.
    async fn process(
        &mut self,
        stretch: &[RecordedEvent],
    ) -> Result<Option<(Vec<crate::subscription::Effect>, Vec<FailedEvent>)>, Ended> {
        let subscriber = Arc::clone(&self.subscriber);
        let mut away = Away::new(self);
        loop {
            // Whoever was frozen may have lost the lease, and the events to its next owner: what
            // their processing does outside the store would be done twice.
            self.renew_if_due().await?;
            match self.guard(settle(&*subscriber, stretch)).await? {
                Settled::Done(effects, failed) => return Ok(Some((effects, failed))),
                Settled::OneByOne => {
                    self.ahead = None;
                    return Ok(None);
                }
                Settled::Transient(cause) => {
                    self.ahead = None;
                    let on = shown(&cause);
                    self.board.stuck(self.checkpoint, &on);
                    let pause = away.again(self.board.name(), &on);
                    self.rest(pause).await?;
                }
            }
        }
    }

    /// A refused commit: if it is about data, and one event's, parks that one; if it may be
    /// several events', says `Ok` so that they are tried one by one; else it ends the ownership.
    pub(super) async fn blame(
        &mut self,
        stretch: &[RecordedEvent],
        error: StoreError,
        checkpoint: Option<Position>,
        attempts: u32,
    ) -> Result<(), Ended> {
        let (Some(reason), Some(event)) = (refusal::of_data(&error), stretch.first()) else {
            return Err(error.into());
        };
        if stretch.len() == 1 {
            let failed = FailedEvent {
                event: event.clone(),
                reason,
            };
            let park = vec![self.park(failed, attempts)];
            self.commit(Commit {
                checkpoint,
                park,
                ..Commit::default()
            })
            .await?;
        }
        Ok(())
    }

    /// Puts a stream aside, and says so where operators look.
    pub(super) fn park(&self, failed: FailedEvent, attempts: u32) -> Park {
        let FailedEvent { event, reason } = failed;
        let retry_after = self.options.retry_after(attempts);
        tracing::warn!(
            subscription = self.lease.name,
            stream = %event.stream,
            sequence = event.sequence,
            code = reason.code,
            attempts,
            waits_for_operator = retry_after.is_none(),
            "parked: the event cannot be processed"
        );
        Park {
            stream: event.stream,
            sequence: event.sequence,
            position: event.position,
            reason,
            attempts,
            retry_after,
        }
    }
}

/// How long something has been away, and when that was last said.
struct Away {
    backoff: Backoff,
    warn_every: std::time::Duration,
    warned: Option<Instant>,
}

impl Away {
    fn new(term: &Term<'_>) -> Self {
        let options = term.options;
        let backoff = Backoff::new(options.pause_min, options.pause_max);
        Self {
            backoff,
            warn_every: options.warn_every,
            warned: None,
        }
    }

    fn again(&mut self, subscription: &str, on: &str) -> std::time::Duration {
        if self.warned.is_none_or(|at| at.elapsed() >= self.warn_every) {
            self.warned = Some(Instant::now());
            tracing::warn!(subscription, on, "stuck: it is tried again until it works");
        }
        self.backoff.next_pause()
    }
}

/// Only errors whose text is known to be free of data are quoted.
fn shown(cause: &TransientCause) -> String {
    let store = cause.downcast_ref::<StoreError>().map(ToString::to_string);
    let told = || cause.downcast_ref::<Obstacle>().map(ToString::to_string);
    store
        .or_else(told)
        .unwrap_or_else(|| "something that the subscriber needs is away".to_owned())
}
