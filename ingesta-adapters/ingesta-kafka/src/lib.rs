//! The log on Kafka topics, and commands from topics.
//!
//! Generic over any domain: a program says how its events become messages and what a message asks
//! for; this crate carries them. It owns the client library, whose types show nowhere outside.

pub mod avro;
pub mod cloud_events;
pub mod connect;
pub mod dead_letters;
pub mod envelope;
pub mod inbox;
pub mod message;
pub mod producer;
mod read;
pub mod relay;
pub mod schema;
pub mod topics;
pub mod transactional;
