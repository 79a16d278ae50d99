//! What the client library says by itself goes to `tracing`, as its own business.
//!
//! Its lines name brokers, topics and settings, and never a message; they are for whoever turns the
//! library's target on. What matters to an operator is told by statuses, not by these lines.

use rdkafka::config::RDKafkaLogLevel as Level;
use rdkafka::error::KafkaError as ClientError;

use super::Code;

/// A line of the library's own log.
pub(crate) fn said(level: Level, facility: &str, line: &str) {
    match level {
        Level::Emerg | Level::Alert | Level::Critical | Level::Error | Level::Warning => {
            tracing::debug!(target: "ingesta_kafka::librdkafka", facility, line);
        }
        Level::Notice | Level::Info | Level::Debug => {
            tracing::trace!(target: "ingesta_kafka::librdkafka", facility, line);
        }
    }
}

/// An error that concerns the whole client, if it is about the way to the broker. Any other is told
/// by whatever was being done.
pub(crate) fn heard(error: &ClientError) -> Option<super::KafkaError> {
    let heard = Code::of(error).meaning("keeping the connection", None);
    tracing::debug!(target: "ingesta_kafka::librdkafka", error = %heard);
    heard.is_about_connection().then_some(heard)
}
