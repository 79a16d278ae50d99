//! A message on its way to a topic, and one that was read from one: bytes, before any format.
//!
//! Keys, values and header values may hold personal data, so `Debug` shows sizes and names alone.
//! It encodes nothing and talks to no broker.

use std::fmt;

use chrono::{DateTime, Utc};

/// A header: a name and bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// Its name, as `ce_id`.
    pub name: String,
    /// Its value.
    pub value: Vec<u8>,
}

impl Header {
    /// A header of this name and value.
    pub fn new(name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// A message to publish.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingMessage {
    /// Where to.
    pub topic: String,
    /// Messages with the same key stay in order.
    pub key: Vec<u8>,
    /// What it says; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// What is said about it.
    pub headers: Vec<Header>,
    /// When what it tells of happened; the broker's clock where absent.
    pub timestamp: Option<DateTime<Utc>>,
}

/// A message as it was read from a topic.
#[derive(Clone, PartialEq, Eq)]
pub struct IncomingMessage {
    /// Where from.
    pub topic: String,
    /// Which part of the topic.
    pub partition: i32,
    /// Its place there.
    pub offset: i64,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// What it says; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// What is said about it, in order.
    pub headers: Vec<Header>,
    /// As the broker tells it.
    pub timestamp: Option<DateTime<Utc>>,
}

/// The name and the size.
impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} bytes", self.name, self.value.len())
    }
}

/// Sizes and header names.
impl fmt::Debug for OutgoingMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingMessage")
            .field("topic", &self.topic)
            .field("key_bytes", &self.key.len())
            .field("value_bytes", &self.value.as_ref().map(Vec::len))
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// Where from, sizes and header names.
impl fmt::Debug for IncomingMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingMessage")
            .field("topic", &self.topic)
            .field("partition", &self.partition)
            .field("offset", &self.offset)
            .field("key_bytes", &self.key.as_ref().map(Vec::len))
            .field("value_bytes", &self.value.as_ref().map(Vec::len))
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
