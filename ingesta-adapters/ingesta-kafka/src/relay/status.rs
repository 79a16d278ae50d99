//! What an operator can read of a relay while it works, from any thread.
//!
//! Counts and the kind of trouble; no key, no payload. How far the relay is behind the log is the
//! store's to tell (`EventStorage::lag` of its checkpoint).

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::producer::Gauges;

/// A relay's counts and its trouble, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayStatus {
    /// Messages given to the client since the relay was made, repetitions included.
    pub published: u64,
    /// Messages that the broker acknowledged.
    pub acknowledged: u64,
    /// Messages given to the client and not acknowledged.
    pub in_flight: u64,
    /// Their bytes, keys and values.
    pub bytes_in_flight: u64,
    /// Clients made: 1, and one more for each that could not go on or was abandoned.
    pub clients: u64,
    /// What keeps messages from being acknowledged now; `None`: nothing does, or there are none.
    pub last_error: Option<LastError>,
}

/// Trouble that lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastError {
    /// A stable word: [`crate::connect::KafkaError::kind`], or [`super::Away::KIND`] where a
    /// translation waits for something else than the broker.
    pub kind: &'static str,
    /// One sentence for the operator.
    pub message: String,
    /// When this kind of trouble began, on this machine's clock.
    pub since: DateTime<Utc>,
}

/// Where a relay's status is read. A clone reads the same relay.
#[derive(Clone, Debug)]
pub struct RelayGauges {
    gauges: Arc<Gauges>,
}

impl RelayGauges {
    pub(crate) fn new(gauges: &Arc<Gauges>) -> Self {
        Self {
            gauges: Arc::clone(gauges),
        }
    }

    /// The status now.
    #[must_use]
    pub fn read(&self) -> RelayStatus {
        let [published, acknowledged, in_flight, bytes_in_flight, clients] = self.gauges.counts();
        let last_error = self.gauges.last_trouble().map(|trouble| LastError {
            kind: trouble.kind,
            message: trouble.message,
            since: trouble.since,
        });
        RelayStatus {
            published,
            acknowledged,
            in_flight,
            bytes_in_flight,
            clients,
            last_error,
        }
    }
}
