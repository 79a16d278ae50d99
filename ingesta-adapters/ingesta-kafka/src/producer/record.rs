//! A message in the client library's form.

use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::BaseRecord;

use crate::message::OutgoingMessage;

/// The record of a message, borrowed from it.
pub(crate) fn record(message: &OutgoingMessage, place: usize) -> BaseRecord<'_, [u8], [u8], usize> {
    let mut record = BaseRecord::with_opaque_to(&message.topic, place).key(message.key.as_slice());
    if let Some(value) = &message.value {
        record = record.payload(value.as_slice());
    }
    if let Some(at) = message.timestamp {
        record = record.timestamp(at.timestamp_millis());
    }
    if message.headers.is_empty() {
        return record;
    }
    let mut headers = OwnedHeaders::new_with_capacity(message.headers.len());
    for header in &message.headers {
        headers = headers.insert(Header {
            key: &header.name,
            value: Some(&header.value),
        });
    }
    record.headers(headers)
}

/// What a message weighs in the window: key and value.
pub(crate) fn weight(message: &OutgoingMessage) -> usize {
    message.key.len() + message.value.as_ref().map_or(0, Vec::len)
}
