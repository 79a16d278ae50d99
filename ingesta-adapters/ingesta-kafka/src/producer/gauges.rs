//! What can be read of a producer while it works: counts, and the last trouble.
//!
//! No message data. Written by the sender and by the client's own thread, read by anybody.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use chrono::{DateTime, Utc};

use crate::connect::KafkaError;
use crate::relay::Away;

/// Kinds of trouble with a broker that is there and lets nobody in.
const REFUSALS: [&str; 2] = ["not_authenticated", "not_trusted"];

/// Messages and bytes. The sender writes one and the client's thread another; in one line of cache
/// they would slow each other down.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Amount {
    messages: AtomicU64,
    bytes: AtomicU64,
}

impl Amount {
    fn add(&self, bytes: usize) {
        self.messages.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn read(&self) -> [u64; 2] {
        [&self.messages, &self.bytes].map(|count| count.load(Ordering::Relaxed))
    }
}

/// Counts since the producer was made, and the trouble that lasts.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    handed_over: Amount,
    landed: Amount,
    acknowledged: AtomicU64,
    clients: AtomicU64,
    in_trouble: AtomicBool,
    waited_for: AtomicBool,
    trouble: Mutex<Option<Trouble>>,
}

/// Something that keeps messages from being acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    /// Over as soon as the broker acknowledges anything.
    connection: bool,
    /// When this kind of trouble began.
    pub(crate) since: DateTime<Utc>,
}

/// Somebody waits for a batch, until this is dropped.
pub(crate) struct Waiting {
    gauges: Arc<Gauges>,
    goes_on: bool,
}

impl Waiting {
    pub(crate) fn begin(gauges: &Arc<Gauges>) -> Self {
        gauges.waited_for.store(true, Ordering::Relaxed);
        Self {
            gauges: Arc::clone(gauges),
            goes_on: false,
        }
    }

    /// The batch comes again after a pause: it is waited for meanwhile.
    pub(crate) fn goes_on(mut self) {
        self.goes_on = true;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.goes_on {
            self.gauges.waited_for.store(false, Ordering::Relaxed);
        }
    }
}

impl Gauges {
    pub(crate) fn handed_over(&self, bytes: usize) {
        self.handed_over.add(bytes);
    }

    /// The client did not take the message after all.
    pub(crate) fn taken_back(&self, bytes: usize) {
        self.handed_over.messages.fetch_sub(1, Ordering::Relaxed);
        let of_it = bytes as u64;
        self.handed_over.bytes.fetch_sub(of_it, Ordering::Relaxed);
    }

    pub(crate) fn landed(&self, bytes: usize, acknowledged: bool) {
        self.landed.add(bytes);
        if acknowledged {
            self.acknowledged.fetch_add(1, Ordering::Relaxed);
            if self.in_trouble.load(Ordering::Relaxed) {
                self.reached();
            }
        }
    }

    pub(crate) fn client_made(&self) {
        self.clients.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn trouble(&self, error: &KafkaError) {
        self.note(error.kind(), error.to_string(), error.is_about_connection());
    }

    /// A translation waits for something else than the broker.
    pub(crate) fn waits(&self, away: &Away) {
        self.note(Away::KIND, away.to_string(), false);
    }

    /// Trouble of the same kind goes on; of another kind it is news.
    fn note(&self, kind: &'static str, message: String, connection: bool) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let known = trouble.as_ref().map(|known| known.kind);
        if known.is_some_and(|known| REFUSALS.contains(&known)) && kind == "unreachable" {
            // A broker that refuses us answers nothing else; the cause is worth more.
            return;
        }
        let since = match &*trouble {
            Some(known) if known.kind == kind => known.since,
            _ => SystemTime::now().into(),
        };
        *trouble = Some(Trouble {
            kind,
            message,
            connection,
            since,
        });
        self.in_trouble.store(connection, Ordering::Relaxed);
    }

    /// The broker acknowledged something: what kept us from it is over. A topic that is missing
    /// stays missing while others are there.
    fn reached(&self) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if trouble.as_ref().is_some_and(|known| known.connection) {
            *trouble = None;
        }
        self.in_trouble.store(false, Ordering::Relaxed);
    }

    /// All that was asked for is done.
    pub(crate) fn well(&self) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        *trouble = None;
        self.in_trouble.store(false, Ordering::Relaxed);
    }

    /// What keeps messages from being acknowledged. A connection that nobody needs just now is no
    /// trouble: brokers close idle ones.
    pub(crate) fn last_trouble(&self) -> Option<Trouble> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let waited_for = self.waited_for.load(Ordering::Relaxed);
        let counts = |known: &&Trouble| waited_for || !known.connection;
        trouble.as_ref().filter(counts).cloned()
    }

    /// Messages given to the client, messages acknowledged, messages and bytes under way, clients.
    pub(crate) fn counts(&self) -> [u64; 5] {
        // First what was given: what has come to it meanwhile is not under way then.
        let [messages, bytes] = self.handed_over.read();
        let [messages_landed, bytes_landed] = self.landed.read();
        [
            messages,
            self.acknowledged.load(Ordering::Relaxed),
            messages.saturating_sub(messages_landed),
            bytes.saturating_sub(bytes_landed),
            self.clients.load(Ordering::Relaxed),
        ]
    }
}
