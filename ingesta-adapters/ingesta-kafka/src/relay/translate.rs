//! The program's side: which messages an event becomes, or why it becomes none.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use async_trait::async_trait;
use ingesta_event_store::subscription::ParkReason;
use ingesta_event_store::{Cause, RecordedEvent, TypeFilter};

use crate::connect::KafkaError;
use crate::message::OutgoingMessage;

/// Turns events into messages.
///
/// It is asked again after a crash and must then say the same, byte for byte: no clock, no random,
/// nothing but the event and what can never change, as an earlier event of its stream. An event
/// that is not published becomes no message (`Ok(vec![])`).
#[async_trait]
pub trait Translate: Send + Sync + 'static {
    /// Which events it wants.
    fn types(&self) -> TypeFilter {
        TypeFilter::All
    }

    /// The messages of an event, in the order in which they are to be published.
    ///
    /// # Errors
    /// [`TranslateError::Untranslatable`]: the event cannot become a message, its stream is parked
    /// with the code, others go on. [`TranslateError::Away`]: not now; everybody waits, and it is
    /// asked again.
    async fn messages(&self, event: &RecordedEvent)
    -> Result<Vec<OutgoingMessage>, TranslateError>;
}

/// Why an event has no messages.
#[derive(Debug, thiserror::Error)]
pub enum TranslateError {
    /// It never will have.
    #[error(transparent)]
    Untranslatable(#[from] Untranslatable),
    /// It has none now.
    #[error(transparent)]
    Away(#[from] Away),
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

/// Something that a translation needs is away; nothing is wrong with the event.
#[derive(Debug, thiserror::Error)]
#[error("the translation waits for {needed}")]
pub struct Away {
    /// What, shown to operators, so free of payload data.
    pub needed: String,
    /// Why it is not there.
    #[source]
    pub cause: Cause,
}

impl Away {
    /// The kind under which a relay's status shows it.
    pub const KIND: &'static str = "translation_waits";

    /// Says what is away and why.
    pub fn new(needed: impl Into<String>, cause: impl Into<Cause>) -> Self {
        Self {
            needed: needed.into(),
            cause: cause.into(),
        }
    }
}

/// Why an event's messages are not to be had, as a relay deals with it.
pub(crate) enum NoMessages {
    Never(ParkReason),
    NotNow(Away),
}

/// The messages of an event. A panic is the event's refusal; what it said is dropped unread, since
/// it may quote a payload.
pub(crate) async fn translated(
    translate: &impl Translate,
    event: &RecordedEvent,
) -> Result<Vec<OutgoingMessage>, NoMessages> {
    let mut asked = translate.messages(event);
    let answer = poll_fn(|context| {
        // After a panic the future is dropped and not polled again.
        match catch_unwind(AssertUnwindSafe(|| asked.as_mut().poll(context))) {
            Ok(polled) => polled.map(Some),
            Err(_) => Poll::Ready(None),
        }
    })
    .await;
    match answer {
        Some(Ok(messages)) => Ok(messages),
        Some(Err(TranslateError::Untranslatable(Untranslatable { code, message }))) => {
            Err(NoMessages::Never(ParkReason { code, message }))
        }
        Some(Err(TranslateError::Away(away))) => Err(NoMessages::NotNow(away)),
        None => Err(NoMessages::Never(ParkReason {
            code: "panicked".to_owned(),
            message: "translating this event panicked; what it said is not kept".to_owned(),
        })),
    }
}

/// Why an event is parked whose message the broker or the client does not take.
pub(crate) fn too_much(error: &KafkaError) -> ParkReason {
    ParkReason {
        code: error.kind().to_owned(),
        message: error.to_string(),
    }
}
