//! Gets a batch processed as far as it can be: events that fail put their own streams aside.
//!
//! An event that fails takes the later events of its stream out of the batch, not its earlier ones
//! and not its neighbours; the rest is asked for again, so the effects are always those of one
//! successful call. Nothing is stored here.

use std::borrow::Cow;

use super::call::{Answer, TransientCause, call};
use crate::RecordedEvent;
use crate::subscription::{Effect, ParkReason, Subscriber};

pub(super) enum Settled {
    /// Effects to store, and the events that could not be processed.
    Done(Vec<Effect>, Vec<FailedEvent>),
    /// Something that the batch needs is away.
    Transient(TransientCause),
    /// It must be done event by event, to find out which of them is to blame.
    OneByOne,
}

pub(super) struct FailedEvent {
    pub(super) event: RecordedEvent,
    pub(super) reason: ParkReason,
}

pub(super) async fn settle(subscriber: &dyn Subscriber, batch: &[RecordedEvent]) -> Settled {
    let mut batch = Cow::Borrowed(batch);
    let mut failed = Vec::new();
    while !batch.is_empty() {
        match call(subscriber, &batch).await {
            Answer::Done(effects) => return Settled::Done(effects, failed),
            Answer::Transient(cause) => return Settled::Transient(cause),
            Answer::SomeEvent => return Settled::OneByOne,
            Answer::Failed(index, reason) => {
                let rest = batch.to_mut();
                let event = rest[index].clone();
                let mut at = 0;
                rest.retain(|other| {
                    let stays = at < index || other.stream != event.stream;
                    at += 1;
                    stays
                });
                failed.push(FailedEvent { event, reason });
            }
        }
    }
    Settled::Done(Vec::new(), failed)
}
