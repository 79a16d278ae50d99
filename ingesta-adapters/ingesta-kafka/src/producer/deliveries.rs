//! Where the client reports what became of each message, and where the sender waits for that.
//!
//! One batch at a time. The client's thread writes, the sender reads; the sender is woken when what
//! it waits for has come and not for every message.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rdkafka::Message;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use rdkafka::producer::{DeliveryResult, ProducerContext};
use tokio::sync::Notify;

use super::gauges::Gauges;
use crate::connect::{Code, KafkaError, heard, said};

pub(super) struct Deliveries {
    batch: Mutex<Batch>,
    landed: Notify,
    gauges: Arc<Gauges>,
}

#[derive(Default)]
struct Batch {
    sizes: Vec<usize>,
    acknowledged: Vec<bool>,
    pending: usize,
    pending_bytes: usize,
    failed: Option<Failure>,
    /// The sender sleeps until no more than this is under way.
    wake_at: Option<Room>,
}

/// A message that will not arrive.
#[derive(Clone)]
pub(super) struct Failure {
    code: RDKafkaErrorCode,
    topic: String,
}

impl Failure {
    pub(super) fn meaning(&self) -> KafkaError {
        Code(Some(self.code)).meaning("publishing", Some(&self.topic))
    }
}

/// How much may be under way.
#[derive(Clone, Copy)]
pub(super) struct Room {
    pub(super) messages: usize,
    pub(super) bytes: usize,
}

impl Batch {
    fn within(&self, room: Room) -> bool {
        self.pending <= room.messages && self.pending_bytes <= room.bytes
    }
}

impl Deliveries {
    pub(super) fn new(gauges: Arc<Gauges>) -> Self {
        Self {
            batch: Mutex::default(),
            landed: Notify::new(),
            gauges,
        }
    }

    fn batch(&self) -> MutexGuard<'_, Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new batch. The last one has landed or its client is gone.
    pub(super) fn begin(&self) {
        *self.batch() = Batch::default();
    }

    /// Makes a place for a message before it is sent: its report may come at once.
    pub(super) fn expect(&self, bytes: usize) -> usize {
        let mut batch = self.batch();
        batch.sizes.push(bytes);
        batch.acknowledged.push(false);
        batch.pending += 1;
        batch.pending_bytes += bytes;
        self.gauges.handed_over(bytes);
        batch.sizes.len() - 1
    }

    /// The last place is not needed: the client did not take the message.
    pub(super) fn take_back(&self) {
        let mut batch = self.batch();
        let Some(bytes) = batch.sizes.pop() else {
            return;
        };
        batch.acknowledged.pop();
        batch.pending -= 1;
        batch.pending_bytes -= bytes;
        self.gauges.taken_back(bytes);
    }

    pub(super) fn under_way(&self) -> usize {
        self.batch().pending
    }

    pub(super) fn failed(&self) -> Option<KafkaError> {
        self.batch().failed.as_ref().map(Failure::meaning)
    }

    pub(super) fn acknowledged(&self) -> Vec<bool> {
        self.batch().acknowledged.clone()
    }

    /// True if one more of this size may go. A message larger than the whole room goes alone.
    pub(super) fn has_room(&self, room: Room, bytes: usize) -> bool {
        let batch = self.batch();
        batch.pending == 0
            || (batch.pending < room.messages
                && batch.pending_bytes.saturating_add(bytes) <= room.bytes)
    }

    /// Waits until no more than `room` is under way, or a message has failed (`or_failed`).
    pub(super) async fn until(&self, room: Room, or_failed: bool) {
        loop {
            {
                let mut batch = self.batch();
                if batch.within(room) || (or_failed && batch.failed.is_some()) {
                    batch.wake_at = None;
                    return;
                }
                batch.wake_at = Some(room);
            }
            self.landed.notified().await;
        }
    }

    fn report(&self, index: usize, failure: Option<Failure>) {
        let mut batch = self.batch();
        let Some(bytes) = batch.sizes.get(index).copied() else {
            return;
        };
        batch.pending -= 1;
        batch.pending_bytes -= bytes;
        let acknowledged = failure.is_none();
        match failure {
            None => batch.acknowledged[index] = true,
            Some(failure) => {
                // Behind the one that failed others fail for its sake; the first cause is wanted.
                let known = batch.failed.as_ref();
                if known.is_none_or(|known| follows(known) && !follows(&failure)) {
                    batch.failed = Some(failure);
                }
            }
        }
        let wake = batch.wake_at.is_some_and(|room| batch.within(room)) || !acknowledged;
        drop(batch);
        self.gauges.landed(bytes, acknowledged);
        if wake {
            self.landed.notify_one();
        }
    }
}

/// True for failures that another message's failure brings with it.
fn follows(failure: &Failure) -> bool {
    matches!(failure.meaning(), KafkaError::Broken { .. })
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        said(level, facility, line);
    }

    fn error(&self, error: ClientError, _reason: &str) {
        if let Some(trouble) = heard(&error) {
            self.gauges.trouble(&trouble);
        }
    }
}

impl ProducerContext for Deliveries {
    /// The message's place in its batch.
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, index: usize) {
        let failure = result.as_ref().err().map(|(error, message)| Failure {
            code: error
                .rdkafka_error_code()
                .unwrap_or(RDKafkaErrorCode::Unknown),
            topic: message.topic().to_owned(),
        });
        self.report(index, failure);
    }
}
