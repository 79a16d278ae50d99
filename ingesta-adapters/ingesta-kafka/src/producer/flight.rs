//! One batch on its way: sent within a bounded window, then waited for.
//!
//! Whoever drops it before it has landed abandons it: everything of it that has not reached the
//! broker yet is purged, and the client goes with it, because only a new one knows nothing of the
//! hole.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use tokio::sync::MutexGuard;

use super::deliveries::Amount;
use super::gauges::Gauges;
use super::native::{Native, discard};
use super::{ProducerOptions, Record};
use crate::connect::{Code, KafkaError};
use crate::message::OutgoingMessage;

const PUBLISHING: &str = "publishing";

/// How long requests that are with the broker may take to be answered after another one failed.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// The sender gives way to other tasks after so many messages.
const TURN: usize = 128;

/// A batch that is being published.
pub struct Flight<'p> {
    slot: MutexGuard<'p, Option<Native>>,
    /// What may be under way.
    room: Amount,
    gauges: Arc<Gauges>,
    /// What had landed of this client before.
    before: Amount,
    /// What was given to this client, from its first message on.
    given: Amount,
    /// What is known to have landed of it.
    seen: Amount,
    over: bool,
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landed {
    /// For each message, in the order of sending: true if it is acknowledged. Where it is not, it
    /// may have arrived nevertheless.
    pub acknowledged: Vec<bool>,
    /// Why not all of them are; `None`: they are.
    pub cause: Option<KafkaError>,
}

impl<'p> Flight<'p> {
    /// The last batch of this client, if there was one, has landed.
    pub(super) fn new(
        slot: MutexGuard<'p, Option<Native>>,
        options: &ProducerOptions,
        gauges: Arc<Gauges>,
    ) -> Self {
        let native = slot.as_ref();
        let before = native.map_or_else(Amount::default, |native| native.deliveries().landed());
        Self {
            slot,
            room: Amount {
                messages: options.messages_or_least(),
                bytes: options.window_bytes,
            },
            gauges,
            before,
            given: before,
            seen: before,
            over: false,
        }
    }

    fn native(&mut self) -> &mut Native {
        self.slot
            .as_mut()
            .expect("a flight holds its client until it has landed")
    }

    /// Sends one message as soon as there is room for it; waits as long as that takes.
    ///
    /// # Errors
    /// The message was not sent, and neither may any behind it be. [`Flight::land`] tells what
    /// became of those before it.
    pub async fn send(&mut self, message: &OutgoingMessage) -> Result<(), KafkaError> {
        self.take(Record::from(message)).await
    }

    /// [`Flight::send`] of a message that need not have a key.
    pub(crate) async fn take(&mut self, record: Record<'_>) -> Result<(), KafkaError> {
        if !self.native().begun.knows(record.topic) {
            let gauges = Arc::clone(&self.gauges);
            self.native().ask_for(record.topic, &gauges).await?;
        }
        let bytes = record.weight();
        loop {
            if self.native().deliveries().has_failed() {
                return Err(self.failure());
            }
            if !self.has_room(bytes) {
                let aim = self.aim(half(self.room));
                self.native().deliveries().until(aim, true).await;
                continue;
            }
            // Before it is sent: its report may come at once.
            self.gauges.handed_over(bytes);
            let place = self.sent();
            let Err((cause, _)) = self.native().client.send(record.native(place)) else {
                self.given.messages += 1;
                self.given.bytes += bytes;
                break;
            };
            self.gauges.taken_back(bytes);
            self.again(&cause, record.topic).await?;
        }
        if self.native().begun.begins(record.topic, record.key) {
            let given = self.given;
            self.native().deliveries().until(given, true).await;
        }
        if self.sent().is_multiple_of(TURN) {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    fn sent(&self) -> usize {
        self.given.messages - self.before.messages
    }

    fn failure(&mut self) -> KafkaError {
        let failure = self.native().failed();
        failure.unwrap_or_else(|| KafkaError::Broken {
            attempted: PUBLISHING,
            code: "no reason".to_owned(),
        })
    }

    /// True if one more of this size may go. A message larger than the whole room goes alone.
    fn has_room(&mut self, bytes: usize) -> bool {
        if self.fits(bytes) {
            return true;
        }
        self.seen = self.native().deliveries().landed();
        self.fits(bytes)
    }

    fn fits(&self, bytes: usize) -> bool {
        let messages = self.given.messages - self.seen.messages;
        let under_way = self.given.bytes.saturating_sub(self.seen.bytes);
        messages == 0
            || (messages < self.room.messages && under_way.saturating_add(bytes) <= self.room.bytes)
    }

    /// What must have landed until no more than `room` is under way.
    fn aim(&self, room: Amount) -> Amount {
        Amount {
            messages: self.given.messages.saturating_sub(room.messages),
            bytes: self.given.bytes.saturating_sub(room.bytes),
        }
    }

    /// Waits for a delivery where the client is full; any other refusal is the message's.
    async fn again(&mut self, cause: &ClientError, topic: &str) -> Result<(), KafkaError> {
        let code = Code::of(cause);
        let landed = self.native().deliveries().landed();
        if code.0 != Some(RDKafkaErrorCode::QueueFull) || landed.messages == self.given.messages {
            return Err(code.meaning(PUBLISHING, Some(topic)));
        }
        let one_more = Amount {
            messages: landed.messages + 1,
            bytes: 0,
        };
        self.native().deliveries().until(one_more, true).await;
        Ok(())
    }

    /// Waits until it is known of every message what became of it.
    pub async fn land(mut self) -> Landed {
        let (all, sent) = (self.given, self.sent());
        let native = self.native();
        native.deliveries().until(all, true).await;
        if native.deliveries().has_failed() {
            native.purge_queue();
            let answers = native.deliveries().until(all, false);
            if tokio::time::timeout(ANSWERS_WITHIN, answers).await.is_err() {
                native.purge_all();
                let reports = native.deliveries().until(all, false);
                // The library reports what it purges at once; should it not, the rest is unknown.
                let _ = tokio::time::timeout(ANSWERS_WITHIN, reports).await;
            }
        }
        let acknowledged = if native.deliveries().landed() == all {
            native.deliveries().acknowledged(sent)
        } else {
            // Which ones were reported is not known.
            vec![false; sent]
        };
        let cause = native.failed();
        self.over = true;
        if cause.is_some() {
            // Sequence numbers behind a failure are not worth a thought: a new client has its own.
            discard(self.slot.take());
        }
        Landed {
            acknowledged,
            cause,
        }
    }
}

/// Room is made for many at a time, so that the sender is woken seldom.
fn half(room: Amount) -> Amount {
    Amount {
        messages: room.messages / 2,
        bytes: room.bytes / 2,
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        if !self.over {
            discard(self.slot.take());
        }
    }
}
