//! One batch on its way: sent within a bounded window, then waited for.
//!
//! Whoever drops it before it has landed abandons it: everything of it that has not reached the
//! broker yet is purged, and the client goes with it, because only a new one knows nothing of the
//! hole.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use tokio::sync::MutexGuard;

use super::deliveries::Room;
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
    room: Room,
    gauges: Arc<Gauges>,
    sent: usize,
    landed: bool,
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
    pub(super) fn new(
        slot: MutexGuard<'p, Option<Native>>,
        options: &ProducerOptions,
        gauges: Arc<Gauges>,
    ) -> Self {
        let room = Room {
            messages: options.messages_or_least(),
            bytes: options.window_bytes,
        };
        let flight = Self {
            slot,
            room,
            gauges,
            sent: 0,
            landed: false,
        };
        if let Some(native) = flight.slot.as_ref() {
            native.deliveries().begin();
        }
        flight
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
        if !self.native().known.contains(record.topic) {
            let gauges = Arc::clone(&self.gauges);
            self.native().ask_for(record.topic, &gauges).await?;
        }
        let bytes = record.weight();
        let room = self.room;
        loop {
            let deliveries = self.native().deliveries();
            if let Some(error) = deliveries.failed() {
                return Err(error);
            }
            if !deliveries.has_room(room, bytes) {
                deliveries.until(half(room), true).await;
                continue;
            }
            let place = deliveries.expect(bytes);
            let Err((cause, _)) = self.native().client.send(record.native(place)) else {
                self.sent += 1;
                break;
            };
            self.native().deliveries().take_back();
            self.again(&cause, record.topic).await?;
        }
        if self.sent.is_multiple_of(TURN) {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Waits for a delivery where the client is full; any other refusal is the message's.
    async fn again(&mut self, cause: &ClientError, topic: &str) -> Result<(), KafkaError> {
        let code = Code::of(cause);
        let deliveries = self.native().deliveries();
        let under_way = deliveries.under_way();
        if code.0 != Some(RDKafkaErrorCode::QueueFull) || under_way == 0 {
            return Err(code.meaning(PUBLISHING, Some(topic)));
        }
        let one_less = Room {
            messages: under_way - 1,
            bytes: usize::MAX,
        };
        deliveries.until(one_less, true).await;
        Ok(())
    }

    /// Waits until it is known of every message what became of it.
    pub async fn land(mut self) -> Landed {
        let nothing = Room {
            messages: 0,
            bytes: usize::MAX,
        };
        let native = self.native();
        native.deliveries().until(nothing, true).await;
        if native.deliveries().failed().is_some() {
            native.purge_queue();
            let answers = native.deliveries().until(nothing, false);
            if tokio::time::timeout(ANSWERS_WITHIN, answers).await.is_err() {
                native.purge_all();
                let reports = native.deliveries().until(nothing, false);
                // The library reports what it purges at once; should it not, the rest is unknown.
                let _ = tokio::time::timeout(ANSWERS_WITHIN, reports).await;
            }
        }
        let acknowledged = native.deliveries().acknowledged();
        let cause = native.deliveries().failed();
        self.landed = true;
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
fn half(room: Room) -> Room {
    Room {
        messages: room.messages / 2,
        bytes: room.bytes / 2,
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        if !self.landed {
            discard(self.slot.take());
        }
    }
}
