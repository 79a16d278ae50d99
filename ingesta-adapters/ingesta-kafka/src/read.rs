//! From a message in the client library's hands to one of our own.
//!
//! It promises to come back from any message, whatever somebody wrote into it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::DateTime;
use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Headers, Message};

use crate::message::{Header, IncomingMessage};

/// A message of our own.
pub(crate) fn owned(message: &BorrowedMessage<'_>) -> IncomingMessage {
    IncomingMessage {
        topic: message.topic().to_owned(),
        partition: message.partition(),
        offset: message.offset(),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers: message.headers().map(headers).unwrap_or_default(),
        timestamp: message
            .timestamp()
            .to_millis()
            .and_then(DateTime::from_timestamp_millis),
    }
}

fn headers(all: &BorrowedHeaders) -> Vec<Header> {
    let readable = (0..all.count()).filter_map(|index| {
        // The client library panics on a name that is not text; no message may end the reader.
        let read = catch_unwind(AssertUnwindSafe(|| {
            all.try_get(index).map(|header| Header {
                name: header.key.to_owned(),
                value: header.value.unwrap_or_default().to_vec(),
            })
        }));
        read.unwrap_or_else(|_| {
            tracing::warn!("a header whose name is not text was left out of a message");
            None
        })
    });
    readable.collect()
}
