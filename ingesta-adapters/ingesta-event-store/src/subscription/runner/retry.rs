//! Parked streams: tried again when they are due, until they have caught up with the checkpoint.
//!
//! A parked stream's events up to the checkpoint are processed here and its later ones by the main
//! flow. The hand-over has neither hole nor double, because the last events and the end of parking
//! are one commit, and only the owner, which is busy here, moves the checkpoint.
//! A stream that fails again does not hold up the others, and not the main flow either.

use std::sync::Arc;

use tokio::time::Instant;

use super::ended::Ended;
use super::settle::{Settled, settle};
use super::term::Term;
use crate::RecordedEvent;
use crate::subscription::{Commit, ParkedStream, Unpark};

/// Streams that are tried before the main flow has its turn again.
const AT_ONCE: usize = 8;

/// What became of a stretch of a parked stream.
enum Tried {
    Stored,
    ParkedAgain,
    OneByOne,
    Away,
}

impl Term<'_> {
    /// Tries the parked streams that are due, if it is time to look.
    pub(super) async fn retry_due(&mut self) -> Result<(), Ended> {
        if self.parked.is_empty() || Instant::now() < self.retry_at {
            return Ok(());
        }
        let storage = Arc::clone(&self.storage);
        let name = self.lease.name.clone();
        let rows = self
            .ask("reading parked streams", storage.parked(&name))
            .await?;
        let due: Vec<_> = rows.into_iter().filter(|row| row.due).collect();
        let more = due.len() > AT_ONCE;
        for row in due.into_iter().take(AT_ONCE) {
            self.until_shutdown()?;
            if !self.retry(&row).await? {
                self.retry_at = Instant::now() + self.retry_pause.next_pause();
                return Ok(());
            }
        }
        self.retry_pause.reset();
        let pause = if more {
            std::time::Duration::ZERO
        } else {
            self.options.parked_poll
        };
        self.retry_at = Instant::now() + pause;
        Ok(())
    }

    /// Tries one stream. `false`: something is away, and the stream stays as it is.
    async fn retry(&mut self, row: &ParkedStream) -> Result<bool, Ended> {
        let storage = Arc::clone(&self.storage);
        let load = storage.load(&row.stream, row.sequence.saturating_sub(1));
        let mut events = self.ask("loading a parked stream", load).await?;
        events.retain(|event| event.position <= self.checkpoint);
        if !self.types.admits(&row.stream.aggregate_type) {
            // The subscriber does not want this type any more.
            events.clear();
        }

        let (mut from, mut size) = (0_usize, self.options.batch_or_least());
        loop {
            let to = from.saturating_add(size).min(events.len());
            let next = events.get(to).map(|event| event.sequence);
            match self.try_stretch(row, &events[from..to], next).await? {
                Tried::Stored => from = to,
                Tried::OneByOne => size = 1,
                Tried::ParkedAgain => return Ok(true),
                Tried::Away => return Ok(false),
            }
            if from == events.len() {
                tracing::info!(
                    subscription = self.lease.name,
                    stream = %row.stream,
                    "the parked stream has caught up"
                );
                return Ok(true);
            }
            self.until_shutdown()?;
        }
    }

    /// Processes and stores a stretch; `next` is what comes behind it, `None` at the checkpoint.
    async fn try_stretch(
        &mut self,
        row: &ParkedStream,
        stretch: &[RecordedEvent],
        next: Option<u64>,
    ) -> Result<Tried, Ended> {
        let subscriber = Arc::clone(&self.subscriber);
        let (effects, failed) = match self.guard(settle(&*subscriber, stretch)).await? {
            Settled::Done(effects, failed) => (effects, failed),
            Settled::OneByOne => return Ok(Tried::OneByOne),
            Settled::Transient(_) => return Ok(Tried::Away),
        };
        let attempts = |sequence| {
            if sequence == row.sequence {
                row.attempts + 1
            } else {
                1
            }
        };
        let mut commit = Commit {
            effects,
            ..Commit::default()
        };
        for failed in failed {
            let attempts = attempts(failed.event.sequence);
            commit.park.push(self.park(failed, attempts));
        }
        let outcome = if commit.park.is_empty() {
            commit.unpark.push(Unpark {
                stream: row.stream.clone(),
                next,
            });
            Tried::Stored
        } else {
            Tried::ParkedAgain
        };
        let Err(error) = self.commit(commit).await else {
            return Ok(outcome);
        };
        let attempts = stretch.first().map_or(1, |event| attempts(event.sequence));
        self.blame(stretch, error, None, attempts).await?;
        Ok(if stretch.len() == 1 {
            Tried::ParkedAgain
        } else {
            Tried::OneByOne
        })
    }
}
