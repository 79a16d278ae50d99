//! A schema registry that speaks Confluent's REST interface.
//!
//! Promises: every call ends in bounded time and reads a bounded answer; what is not known is told
//! from what is not there; credentials show nowhere. Numbers of schemas never change, so they are
//! asked for once.
//! It registers only where it is told to, never by the way.

mod answer;
mod client;
mod error;
mod options;

pub use client::SchemaRegistry;
pub use error::RegistryError;
pub use options::RegistryOptions;

/// The subject of a topic's values: `topic-value`.
///
/// ```
/// use ingesta_kafka::schema::value_subject;
///
/// assert_eq!(value_subject("eventos-ingesta"), "eventos-ingesta-value");
/// ```
#[must_use]
pub fn value_subject(topic: &str) -> String {
    format!("{topic}-value")
}
