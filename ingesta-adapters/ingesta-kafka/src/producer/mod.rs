//! One idempotent producer that publishes in batches: all acknowledged, or it is known which.
//!
//! Promises: a message counts as published when all in-sync replicas have it; messages of a key
//! reach their topic in the order in which they were given, with no gap behind a failed one; no
//! timer gives a message up; what is in flight is bounded by count and by bytes; a batch that is
//! abandoned is purged. Messages may be published twice, by whoever publishes again.
//! It does not say what to publish, and it keeps nothing over a restart.

mod begun;
mod deliveries;
mod flight;
mod gauges;
mod native;
mod options;
mod partition;
mod record;

use std::sync::Arc;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use tokio::sync::Mutex;

pub use self::flight::{Flight, Landed};
pub use self::options::{Compression, ProducerOptions};
pub use self::partition::partition_of;

pub(crate) use self::gauges::{Gauges, Waiting};
pub(crate) use self::record::Record;

use self::native::Native;
use crate::connect::{KafkaError, KafkaOptions};
use crate::message::OutgoingMessage;

/// Publishes messages, one batch at a time.
///
/// The client behind it is made at the first batch, kept for all later ones, and replaced only when
/// it cannot go on or a batch was abandoned.
pub struct Publisher {
    config: ClientConfig,
    options: ProducerOptions,
    gauges: Arc<Gauges>,
    slot: Mutex<Option<Native>>,
}

impl Publisher {
    /// A producer that has not connected yet.
    ///
    /// # Errors
    /// [`KafkaError::Settings`] names what is wrong with the options.
    pub fn new(kafka: &KafkaOptions, options: ProducerOptions) -> Result<Self, KafkaError> {
        kafka.check()?;
        let mut config = kafka.client()?;
        options.apply(&mut config)?;
        Ok(Self {
            config,
            options,
            gauges: Arc::default(),
            slot: Mutex::default(),
        })
    }

    /// Opens a batch; a second one waits until the first is done with.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub async fn open(&self) -> Result<Flight<'_>, KafkaError> {
        let mut slot = self.slot.lock().await;
        if slot.as_ref().is_some_and(Native::is_broken) {
            native::discard(slot.take());
        }
        if slot.is_none() {
            *slot = Some(Native::make(&self.config, &self.gauges)?);
        }
        Ok(Flight::new(slot, &self.options, Arc::clone(&self.gauges)))
    }

    /// Publishes a batch and waits until every message of it is acknowledged, however long the
    /// broker is away.
    ///
    /// # Errors
    /// [`PublishError`] says how many messages from the front are acknowledged.
    pub async fn publish(&self, messages: &[OutgoingMessage]) -> Result<(), PublishError> {
        let before_any = |cause| PublishError {
            acknowledged: 0,
            cause,
        };
        let mut flight = self.open().await.map_err(before_any)?;
        let mut refused = None;
        for message in messages {
            if let Err(cause) = flight.send(message).await {
                refused = Some(cause);
                break;
            }
        }
        let landed = flight.land().await;
        match refused.or(landed.cause) {
            None => Ok(()),
            Some(cause) => Err(PublishError {
                acknowledged: landed
                    .acknowledged
                    .iter()
                    .take_while(|acked| **acked)
                    .count(),
                cause,
            }),
        }
    }

    /// Publishes one message and waits until it is acknowledged, however long the broker is away.
    pub(crate) async fn write(&self, record: Record<'_>) -> Result<(), KafkaError> {
        let mut flight = self.open().await?;
        let sent = flight.take(record).await;
        sent.and(flight.land().await.cause.map_or(Ok(()), Err))
    }

    /// Waits until nothing is in flight any more, at most `within`, and lets the client go.
    ///
    /// It may be used again afterwards. Dropping it without this is sound as well: what was
    /// acknowledged stays so, and the rest is purged.
    pub async fn close(&self, within: Duration) {
        let native = self.slot.lock().await.take();
        if let Some(native) = native {
            native.close(within).await;
        }
    }

    pub(crate) fn gauges(&self) -> &Arc<Gauges> {
        &self.gauges
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        native::discard(self.slot.get_mut().take());
    }
}

impl std::fmt::Debug for Publisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The configuration holds a password.
        f.debug_struct("Publisher")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// A batch was not published whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{acknowledged} messages from the front of the batch are acknowledged, the rest is unknown"
)]
pub struct PublishError {
    /// So many messages from the front of the batch are acknowledged; of the rest some may be.
    pub acknowledged: usize,
    /// Why it ended.
    #[source]
    pub cause: KafkaError,
}
