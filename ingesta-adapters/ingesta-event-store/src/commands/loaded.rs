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
        let mut loaded = Self::none();
        for event in events {
            loaded.state.apply(codec.decode::<A>(event)?.payload);
            loaded.version = event.sequence;
            loaded.position = event.position;
        }
        Ok(loaded)
    }
}
