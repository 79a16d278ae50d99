//! Which stored events this program can read, asked about events of any aggregate at once.
//!
//! It is for whoever looks at a whole log, as a check before an upgrade does. It reads and folds
//! nothing, and a panic of an upcaster ends here: it is one more way of not being readable.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use cqrs_es::Aggregate;

use super::{DecodeError, EventCodec};
use crate::RecordedEvent;

type Read = fn(&EventCodec, &RecordedEvent) -> Result<usize, DecodeError>;

/// The aggregate types of a program, and the codec that reads them.
#[derive(Clone)]
pub struct KnownTypes {
    codec: EventCodec,
    readers: HashMap<&'static str, Read>,
}

/// What a program can make of a stored event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readable {
    /// It is read, as this many events of today; 0: it is dropped.
    As(usize),
    /// It belongs to an aggregate type that the program does not know.
    UnknownType,
    /// It cannot be read.
    No(DecodeError),
    /// An upcaster panicked on it. What it said is not kept.
    Panicked,
}

impl KnownTypes {
    /// No type yet. `codec` is the one that the events were written with.
    #[must_use]
    pub fn new(codec: EventCodec) -> Self {
        Self {
            codec,
            readers: HashMap::new(),
        }
    }

    /// This type too.
    #[must_use]
    pub fn with<A: Aggregate>(mut self) -> Self {
        self.readers.insert(A::TYPE, read::<A>);
        self
    }

    /// Can the program read this event?
    #[must_use]
    pub fn readable(&self, event: &RecordedEvent) -> Readable {
        let Some(read) = self.readers.get(event.stream.aggregate_type.as_ref()) else {
            return Readable::UnknownType;
        };
        match catch_unwind(AssertUnwindSafe(|| read(&self.codec, event))) {
            Ok(Ok(events)) => Readable::As(events),
            Ok(Err(error)) => Readable::No(error),
            Err(_) => Readable::Panicked,
        }
    }
}

fn read<A: Aggregate>(codec: &EventCodec, event: &RecordedEvent) -> Result<usize, DecodeError> {
    let mut events = 0;
    codec.payloads::<A>(event, |_| events += 1)?;
    Ok(events)
}
