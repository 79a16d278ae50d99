//! How to reach a broker: addresses, identity, TLS, SASL, and what can go wrong on the way.
//!
//! One set of options serves producers, consumers and topic administration. Passwords show in no
//! `Debug` and in no error; settings that this library's promises rest on cannot be overridden.
//! Nothing here opens a connection.

mod client;
mod code;
mod error;
mod options;
mod owned;
mod secret;
mod voice;

pub use error::KafkaError;
pub use options::{KafkaOptions, Sasl, SaslMechanism, Tls};
pub use secret::Secret;

pub(crate) use code::Code;
pub(crate) use voice::{heard, said};
