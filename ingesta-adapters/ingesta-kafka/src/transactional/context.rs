//! What the clients of this mode report: trouble to the gauges, failed messages to the transaction.

use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::Message;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use rdkafka::producer::{DeliveryResult, ProducerContext};

use crate::connect::{heard, said};
use crate::producer::Gauges;

/// Why a message was not taken, and by which topic.
type Refused = (RDKafkaErrorCode, String);

#[derive(Clone)]
pub(super) struct Context {
    gauges: Arc<Gauges>,
    refused: Arc<Mutex<Option<Refused>>>,
}

impl Context {
    pub(super) fn new(gauges: Arc<Gauges>) -> Self {
        Self {
            gauges,
            refused: Arc::default(),
        }
    }

    pub(super) fn gauges(&self) -> &Gauges {
        &self.gauges
    }

    /// The first failure of a message since this was last asked.
    pub(super) fn take_refused(&self) -> Option<Refused> {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.take()
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        said(level, facility, line);
    }

    fn error(&self, error: ClientError, _reason: &str) {
        if let Some(trouble) = heard(&error) {
            self.gauges.trouble(&trouble);
        }
    }
}

impl ConsumerContext for Context {}

impl ProducerContext for Context {
    /// The message's bytes.
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, bytes: usize) {
        self.gauges.landed(bytes, result.is_ok());
        let Err((error, message)) = result else {
            return;
        };
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.is_none() {
            let code = error.rdkafka_error_code();
            *refused = code.map(|code| (code, message.topic().to_owned()));
        }
    }
}
