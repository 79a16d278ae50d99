//! Events to messages with the least work: the payload as it is stored, under the aggregate's id.

use ingesta_event_store::RecordedEvent;
use ingesta_kafka::message::OutgoingMessage;
use ingesta_kafka::relay::{Translate, Untranslatable};

/// To this topic.
#[derive(Clone, Debug)]
pub struct Payloads(pub String);

impl Payloads {
    /// The message of an event.
    #[must_use]
    pub fn message(&self, event: &RecordedEvent) -> OutgoingMessage {
        OutgoingMessage {
            topic: self.0.clone(),
            key: event.stream.aggregate_id.clone().into_bytes(),
            value: Some(event.payload.clone().into_bytes()),
            headers: Vec::new(),
            timestamp: event.recorded_at,
        }
    }
}

impl Translate for Payloads {
    fn messages(&self, event: &RecordedEvent) -> Result<Vec<OutgoingMessage>, Untranslatable> {
        Ok(vec![self.message(event)])
    }
}
