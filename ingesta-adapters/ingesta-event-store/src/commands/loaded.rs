//! An aggregate folded from its stream.

use cqrs_es::Aggregate;

use crate::{DecodeError, EventCodec, Position, RecordedEvent};

/// The state of an aggregate and how it was come by.
#[derive(Clone, Debug)]
pub struct Loaded<A> {
    /// The state after all its events.
    pub state: A,
    /// The sequence of the last event; 0: there is no such aggregate.
    pub version: u64,
    /// Where in the log the last event is.
    pub position: Position,
}

impl<A: Aggregate> Loaded<A> {
    /// No such aggregate yet.
    #[must_use]
    pub fn none() -> Self {
        Self {
            state: A::default(),
            version: 0,
            position: Position::START,
        }
    }

    /// Folds a stream from its beginning.
    ///
    /// # Errors
    /// When one of its events cannot be read.
    pub fn fold(codec: &EventCodec, events: &[RecordedEvent]) -> Result<Self, DecodeError> {
        Self::none().fold_onto(codec, events)
    }

    /// Folds the events that follow this state onto it.
    ///
    /// # Errors
    /// When one of the events cannot be read.
    pub fn fold_onto(
        mut self,
        codec: &EventCodec,
        events: &[RecordedEvent],
    ) -> Result<Self, DecodeError> {
        for event in events {
            codec.payloads::<A>(event, |payload| self.state.apply(payload))?;
            self.version = event.sequence;
            self.position = event.position;
        }
        Ok(self)
    }
}
