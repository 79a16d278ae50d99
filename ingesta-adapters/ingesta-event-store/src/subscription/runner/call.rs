//! One call of the subscriber, whose panics end here.
//!
//! What a panic said is dropped unread: it may quote a payload. (The program's own panic hook,
//! which prints it to standard error by default, is not this library's to change.)

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use crate::RecordedEvent;
use crate::subscription::{ConsumeError, Effect, ParkReason, Subscriber};

pub(super) type TransientCause = Box<dyn std::error::Error + Send + Sync + 'static>;

pub(super) enum Answer {
    Done(Vec<Effect>),
    /// The event at this index of the batch cannot be processed.
    Failed(usize, ParkReason),
    Transient(TransientCause),
    /// Some event of the batch is to blame, and it is not known which one.
    SomeEvent,
}

/// Asks the subscriber to process a batch that is not empty.
pub(super) async fn call(subscriber: &dyn Subscriber, batch: &[RecordedEvent]) -> Answer {
    // Inside an async block, so that a panic of a hand-written `consume` itself is caught too.
    let work = AssertUnwindSafe(async { subscriber.consume(batch).await });
    match work.catch_unwind().await {
        Ok(Ok(effects)) => Answer::Done(effects),
        Ok(Err(ConsumeError::Transient(cause))) => Answer::Transient(cause),
        Ok(Err(ConsumeError::Event { reason, .. })) if batch.len() == 1 => {
            Answer::Failed(0, reason)
        }
        Ok(Err(ConsumeError::Event { index, reason })) if index < batch.len() => {
            Answer::Failed(index, reason)
        }
        Ok(Err(ConsumeError::Event { .. })) => Answer::SomeEvent,
        Err(_) if batch.len() == 1 => Answer::Failed(0, panicked()),
        Err(_) => Answer::SomeEvent,
    }
}

fn panicked() -> ParkReason {
    ParkReason {
        code: "panicked".to_owned(),
        message: "the subscriber panicked on this event; what it said is not kept".to_owned(),
    }
}
