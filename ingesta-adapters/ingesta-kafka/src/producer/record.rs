//! A message on its way, borrowed, and its form for the client library.

use chrono::{DateTime, Utc};
use rdkafka::message::{Header as ClientHeader, OwnedHeaders};
use rdkafka::producer::BaseRecord;

use crate::message::{Header, OutgoingMessage};

/// What an [`OutgoingMessage`] has, and a key that may be absent: a message of somebody else's that
/// is published again keeps what it had.
#[derive(Clone, Copy)]
pub(crate) struct Record<'m> {
    pub(crate) topic: &'m str,
    pub(crate) key: Option<&'m [u8]>,
    pub(crate) value: Option<&'m [u8]>,
    pub(crate) headers: &'m [Header],
    pub(crate) timestamp: Option<DateTime<Utc>>,
}

impl<'m> From<&'m OutgoingMessage> for Record<'m> {
    fn from(message: &'m OutgoingMessage) -> Self {
        Self {
            topic: &message.topic,
            key: Some(&message.key),
            value: message.value.as_deref(),
            headers: &message.headers,
            timestamp: message.timestamp,
        }
    }
}

impl<'m> Record<'m> {
    /// What it weighs in the window: key and value.
    pub(crate) fn weight(&self) -> usize {
        self.key.map_or(0, <[u8]>::len) + self.value.map_or(0, <[u8]>::len)
    }

    /// As the library takes it; `opaque` comes back with its report.
    pub(crate) fn native(&self, opaque: usize) -> BaseRecord<'m, [u8], [u8], usize> {
        let mut record = BaseRecord::with_opaque_to(self.topic, opaque);
        record.key = self.key;
        record.payload = self.value;
        if let Some(at) = self.timestamp {
            record = record.timestamp(at.timestamp_millis());
        }
        if self.headers.is_empty() {
            return record;
        }
        let mut headers = OwnedHeaders::new_with_capacity(self.headers.len());
        for header in self.headers {
            headers = headers.insert(ClientHeader {
                key: &header.name,
                value: Some(&header.value),
            });
        }
        record.headers(headers)
    }
}
