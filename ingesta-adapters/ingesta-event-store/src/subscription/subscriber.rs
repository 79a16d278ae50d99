//! The consumer's side: what to do with events, and how to say that it did not work.

use async_trait::async_trait;

use super::obstacle::Obstacle;
use super::{Effect, ParkReason};
use crate::{RecordedEvent, StoreError, TypeFilter};

/// Something that follows the log.
///
/// `consume` is given events in log order, never one of a parked stream, and answers with the
/// effects to store with the checkpoint. Work outside the store (a command, a message) is done
/// before it answers `Ok` and may be asked for again after a crash, so it must be recognisable:
/// name it by [`RecordedEvent::id`].
///
/// `consume` may be called again with a shorter batch after an error; effects that were not
/// answered with `Ok` were not stored.
#[async_trait]
pub trait Subscriber: Send + Sync + 'static {
    /// The subscription's name: unique in the database, for ever.
    fn name(&self) -> &str;

    /// Which events it wants.
    fn types(&self) -> TypeFilter {
        TypeFilter::All
    }

    /// Called once before the first event, and again after a change of owner.
    ///
    /// # Errors
    /// When it cannot start; the runner tries again later.
    async fn start(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Processes a batch.
    ///
    /// # Errors
    /// See [`ConsumeError`].
    async fn consume(&self, batch: &[RecordedEvent]) -> Result<Vec<Effect>, ConsumeError>;
}

/// Why a batch was not processed.
#[derive(Debug, thiserror::Error)]
pub enum ConsumeError {
    /// One event cannot be processed: its stream is parked, the rest of the batch is tried again.
    #[error("event {index} of the batch cannot be processed: {}", reason.code)]
    Event {
        /// Which event of the batch.
        index: usize,
        /// Why.
        reason: ParkReason,
    },
    /// Nothing is wrong with the events: something they need is away. The batch is tried again
    /// after a pause, and nothing is parked.
    #[error("the batch cannot be processed now")]
    Transient(#[source] Box<dyn std::error::Error + Send + Sync + 'static>),
}

impl ConsumeError {
    /// The event at `index` cannot be processed.
    pub fn event(index: usize, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Event {
            index,
            reason: ParkReason {
                code: code.into(),
                message: message.into(),
            },
        }
    }

    /// Something that the batch needs is away or cannot be read, whatever the event: `what` is one
    /// sentence for the operator without data of an event or a row, for it is logged and shown
    /// ([`super::RunnerStatus::Stuck`]).
    pub fn obstacle(what: impl Into<String>) -> Self {
        Self::Transient(Box::new(Obstacle(what.into())))
    }

    /// Something that the batch needs is away. What the cause says is shown to nobody, unless it
    /// is a [`StoreError`].
    pub fn transient(cause: impl Into<Box<dyn std::error::Error + Send + Sync + 'static>>) -> Self {
        Self::Transient(cause.into())
    }
}
