//! Where the client reports what became of each message, and where the sender waits for that.
//!
//! The client's thread counts, the sender reads, and neither takes a lock for a message that went
//! well: at a hundred thousand a second the two would stand in each other's way. What failed is
//! noted under a lock. The sender is woken when what it waits for has come and not for every message.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rdkafka::Message;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use rdkafka::producer::{DeliveryResult, ProducerContext};
use tokio::sync::Notify;

use super::gauges::Gauges;
use crate::connect::{Code, KafkaError, heard, said};

/// Messages and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) messages: usize,
    pub(super) bytes: usize,
}

/// Of one client, from its first message on.
pub(super) struct Deliveries {
    landed: Landed,
    aim: Aim,
    failed: AtomicBool,
    failures: Mutex<Failures>,
    woken: Notify,
    gauges: Arc<Gauges>,
}

/// What was reported so far, well or not. Written by the client's thread alone, and apart from what
/// others write: a line of cache that both sides write costs more than all the rest here.
#[derive(Default)]
#[repr(align(128))]
struct Landed {
    messages: AtomicUsize,
    bytes: AtomicUsize,
}

/// How much must have landed before the sender, which sleeps, is woken.
#[derive(Default)]
#[repr(align(128))]
struct Aim {
    sleeping: AtomicBool,
    messages: AtomicUsize,
    bytes: AtomicUsize,
}

#[derive(Default)]
struct Failures {
    cause: Option<Failure>,
    /// Their places in the batch.
    places: Vec<usize>,
}

/// A message that will not arrive.
#[derive(Clone)]
pub(super) struct Failure {
    code: RDKafkaErrorCode,
    topic: String,
}

impl Failure {
    /// What it asks of a caller; `fatal` is why the client gave up on itself, if it did.
    pub(super) fn meaning(&self, fatal: Option<RDKafkaErrorCode>) -> KafkaError {
        Code(Some(self.code))
            .meaning("publishing", Some(&self.topic))
            .because(fatal, Some(&self.topic))
    }
}

impl Deliveries {
    pub(super) fn new(gauges: Arc<Gauges>) -> Self {
        Self {
            landed: Landed::default(),
            aim: Aim::default(),
            failed: AtomicBool::new(false),
            failures: Mutex::default(),
            woken: Notify::new(),
            gauges,
        }
    }

    fn failures(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that was reported of this client.
    pub(super) fn landed(&self) -> Amount {
        Amount {
            messages: self.landed.messages.load(Ordering::SeqCst),
            bytes: self.landed.bytes.load(Ordering::SeqCst),
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::SeqCst)
    }

    pub(super) fn failure(&self) -> Option<Failure> {
        self.failures().cause.clone()
    }

    /// For each of `sent` messages of the batch, of which all were reported: true if it arrived.
    pub(super) fn acknowledged(&self, sent: usize) -> Vec<bool> {
        let mut acknowledged = vec![true; sent];
        for place in &self.failures().places {
            if let Some(arrived) = acknowledged.get_mut(*place) {
                *arrived = false;
            }
        }
        acknowledged
    }

    /// Waits until so much has landed in all, or a message has failed (`or_failed`).
    pub(super) async fn until(&self, aim: Amount, or_failed: bool) {
        loop {
            self.aim.messages.store(aim.messages, Ordering::SeqCst);
            self.aim.bytes.store(aim.bytes, Ordering::SeqCst);
            // Before the look: a report behind it sees somebody sleep.
            self.aim.sleeping.store(true, Ordering::SeqCst);
            if reaches(self.landed(), aim) || (or_failed && self.has_failed()) {
                self.aim.sleeping.store(false, Ordering::SeqCst);
                return;
            }
            self.woken.notified().await;
        }
    }

    fn report(&self, place: usize, bytes: usize, failure: Option<Failure>) {
        let acknowledged = failure.is_none();
        if let Some(failure) = failure {
            self.fail(place, failure);
        }
        // Behind the failure: whoever sees all landed sees what failed.
        self.landed.bytes.fetch_add(bytes, Ordering::SeqCst);
        self.landed.messages.fetch_add(1, Ordering::SeqCst);
        self.gauges.landed(bytes, acknowledged);
        if !self.aim.sleeping.load(Ordering::SeqCst) {
            return;
        }
        let aim = Amount {
            messages: self.aim.messages.load(Ordering::SeqCst),
            bytes: self.aim.bytes.load(Ordering::SeqCst),
        };
        if !acknowledged || reaches(self.landed(), aim) {
            self.aim.sleeping.store(false, Ordering::SeqCst);
            self.woken.notify_one();
        }
    }

    fn fail(&self, place: usize, failure: Failure) {
        let mut failures = self.failures();
        failures.places.push(place);
        // Behind the one that failed others fail for its sake; the first cause is wanted.
        let known = failures.cause.as_ref();
        if known.is_none_or(|known| follows(known) && !follows(&failure)) {
            failures.cause = Some(failure);
        }
        self.failed.store(true, Ordering::SeqCst);
    }
}

fn reaches(landed: Amount, aim: Amount) -> bool {
    landed.messages >= aim.messages && landed.bytes >= aim.bytes
}

/// True for failures that another message's failure brings with it.
fn follows(failure: &Failure) -> bool {
    matches!(failure.meaning(None), KafkaError::Broken { .. })
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

    fn delivery(&self, result: &DeliveryResult<'_>, place: usize) {
        let (message, failure) = match result {
            Ok(message) => (message, None),
            Err((error, message)) => {
                let failure = Failure {
                    code: error
                        .rdkafka_error_code()
                        .unwrap_or(RDKafkaErrorCode::Unknown),
                    topic: message.topic().to_owned(),
                };
                (message, Some(failure))
            }
        };
        let bytes = message.key_len() + message.payload_len();
        self.report(place, bytes, failure);
    }
}
