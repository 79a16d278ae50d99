//! Events to messages with the least work: the payload as it is stored, under the aggregate's id.

use async_trait::async_trait;
use ingesta_event_store::RecordedEvent;
use ingesta_kafka::message::OutgoingMessage;
use ingesta_kafka::relay::{Translate, TranslateError};

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

#[async_trait]
impl Translate for Payloads {
    async fn messages(
        &self,
        event: &RecordedEvent,
    ) -> Result<Vec<OutgoingMessage>, TranslateError> {
        Ok(vec![self.message(event)])
    }
}
