//! The work on the messages of one key: one after the other, each until it is settled.
//!
//! It promises that a message is settled by its effect or by its dead letter and by nothing else: a
//! passing failure is tried again for as long as this member has the partition, and so is a dead
//! letter that cannot be written. It does not store offsets; the reader does, from the book.

use std::borrow::Cow;
use std::error::Error;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use ingesta_event_store::Backoff;

use super::partition::{Key, Partition, Running};
use super::progress::Ticket;
use super::shared::Shared;
use super::{Fault, HandleError};
use crate::connect::KafkaError;
use crate::message::IncomingMessage;

/// Works on a lane until it is empty or its partition is given up.
pub(super) async fn follow(shared: Arc<Shared>, partition: Arc<Partition>, key: Key) {
    while let Some(held) = partition.next(&key) {
        let mut work = Work {
            shared: Arc::clone(&shared),
            partition: Arc::clone(&partition),
            ticket: held.ticket,
            message: held.message,
            verdict: None,
            retrying: false,
        };
        let settled = tokio::select! {
            biased;
            () = partition.dropped() => None,
            settled = work.settle() => settled,
        };
        let Some(under_way) = settled else {
            partition.leave(held.ticket);
            break;
        };
        // In this order: whoever waits for what is under way reads the book afterwards.
        partition.finish(held.ticket);
        drop(under_way);
        shared.wake();
    }
    // Whoever waits for the partition to become quiet looks again.
    shared.wake();
}

/// Why a message is put aside.
struct Verdict {
    code: Cow<'static, str>,
    reason: String,
}

fn panicked() -> HandleError {
    HandleError::poison("handler-panicked", "the handler panicked")
}

type Failure = (Fault, Box<dyn Error + Send + Sync>);

struct Work {
    shared: Arc<Shared>,
    partition: Arc<Partition>,
    ticket: Ticket,
    message: IncomingMessage,
    verdict: Option<Verdict>,
    retrying: bool,
}

impl Work {
    /// Tries until it is done; `None` if the partition was given up first.
    async fn settle(&mut self) -> Option<UnderWay> {
        let options = &self.shared.options;
        let mut backoff = Backoff::new(options.retry_min, options.retry_max);
        if !self.partition.calm(self.ticket).await {
            return None;
        }
        loop {
            let under_way = self.enter().await?;
            let Err(failure) = self.attempt().await else {
                return Some(under_way);
            };
            drop(under_way);
            self.failed(&failure);
            tokio::select! {
                biased;
                () = self.partition.given_up() => return None,
                () = tokio::time::sleep(backoff.next_pause()) => {}
            }
        }
    }

    /// Waits for one of the places in which messages are handled.
    async fn enter(&self) -> Option<UnderWay> {
        let permit = Arc::clone(&self.shared.places).acquire_owned().await.ok()?;
        let running = self.partition.begin(self.ticket)?;
        self.shared.board.started();
        Some(UnderWay {
            shared: Arc::clone(&self.shared),
            _running: running,
            _permit: permit,
        })
    }

    async fn attempt(&mut self) -> Result<(), Failure> {
        if self.verdict.is_none() {
            match self.handle().await {
                Ok(()) => {
                    self.shared.board.handled();
                    return Ok(());
                }
                Err(HandleError::Transient(cause)) => {
                    return Err((Fault::HandlerTransient, cause));
                }
                Err(HandleError::Poison { code, message }) => {
                    let reason = message;
                    self.verdict = Some(Verdict { code, reason });
                }
            }
        }
        let Some(Verdict { code, reason }) = &self.verdict else {
            return Ok(());
        };
        let (group, letters) = (self.shared.board.group(), &self.shared.dead_letters);
        let written = letters.write(&self.message, group, code, reason).await;
        if let Err(KafkaError::NotAuthorised { missing, .. }) = &written {
            self.shared.board.lacks(missing);
        }
        written.map_err(|cause| -> Failure { (Fault::DeadLetter, cause.into()) })?;
        let board = &self.shared.board;
        board.dead_lettered(&self.partition.place, self.message.offset, code);
        Ok(())
    }

    /// The handler's answer; its panic is a refusal of this message and of no other.
    async fn handle(&self) -> Result<(), HandleError> {
        let handler = &self.shared.handler;
        let Ok(mut answer) = catch_unwind(AssertUnwindSafe(|| handler.handle(&self.message)))
        else {
            return Err(panicked());
        };
        let guarded = poll_fn(|context| {
            let polled = catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context)));
            polled.unwrap_or_else(|_| Poll::Ready(Err(panicked())))
        });
        guarded.await
    }

    fn failed(&mut self, (fault, cause): &Failure) {
        let first = !std::mem::replace(&mut self.retrying, true);
        self.shared.board.retrying(*fault, first);
        let (topic, partition) = &self.partition.place;
        let (group, offset) = (self.shared.board.group(), self.message.offset);
        if first {
            self.partition.retry_begins(self.ticket);
            tracing::warn!(
                group, topic, partition, offset, %fault, %cause,
                "a message waits for another try, and its partition with it"
            );
        } else {
            tracing::debug!(group, topic, partition, offset, %fault, %cause, "not yet");
        }
        // The reader pauses the partition.
        self.shared.wake();
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if self.retrying {
            self.partition.retry_ends(self.ticket);
            self.shared.board.retried();
            self.shared.wake();
        }
    }
}

/// A message is being handled until this is dropped.
struct UnderWay {
    shared: Arc<Shared>,
    _running: Running,
    _permit: tokio::sync::OwnedSemaphorePermit,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.shared.board.stopped();
    }
}
