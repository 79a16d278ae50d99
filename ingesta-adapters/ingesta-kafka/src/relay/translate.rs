//! The program's side: which messages an event becomes, or why it becomes none.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ingesta_event_store::subscription::ParkReason;
use ingesta_event_store::{RecordedEvent, TypeFilter};

use crate::connect::KafkaError;
use crate::message::OutgoingMessage;

/// Turns events into messages.
///
/// It is asked again after a crash and must then say the same, byte for byte: no clock, no random,
/// nothing but the event. An event that is not published becomes no message (`Ok(vec![])`).
pub trait Translate: Send + Sync + 'static {
    /// Which events it wants.
    fn types(&self) -> TypeFilter {
        TypeFilter::All
    }

    /// The messages of an event, in the order in which they are to be published.
    ///
    /// # Errors
    /// The event cannot become a message: its stream is parked with the code, others go on.
    fn messages(&self, event: &RecordedEvent) -> Result<Vec<OutgoingMessage>, Untranslatable>;
}

/// An event cannot become a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Untranslatable {
    /// A stable word, shown to operators.
    pub code: String,
    /// One sentence for them, free of payload data.
    pub message: String,
}

impl Untranslatable {
    /// Says why.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
        }
    }
}

/// The messages of an event. A panic is the event's refusal; what it said is dropped unread, since
/// it may quote a payload.
pub(crate) fn translated(
    translate: &impl Translate,
    event: &RecordedEvent,
) -> Result<Vec<OutgoingMessage>, ParkReason> {
    match catch_unwind(AssertUnwindSafe(|| translate.messages(event))) {
        Ok(Ok(messages)) => Ok(messages),
        Ok(Err(Untranslatable { code, message })) => Err(ParkReason { code, message }),
        Err(_) => Err(ParkReason {
            code: "panicked".to_owned(),
            message: "translating this event panicked; what it said is not kept".to_owned(),
        }),
    }
}

/// Why an event is parked whose message the broker or the client does not take.
pub(crate) fn too_much(error: &KafkaError) -> ParkReason {
    ParkReason {
        code: error.kind().to_owned(),
        message: error.to_string(),
    }
}
