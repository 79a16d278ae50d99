//! A broker, and the two ways in which the same messages get there: the relay, and a bare producer.
//!
//! What a message says is the stored payload as it is: the relay is measured, not an encoding.

mod acknowledged;
mod bare;
mod broker;
mod payloads;

pub use acknowledged::Acknowledged;
pub use bare::produce;
pub use broker::Broker;
pub use payloads::Payloads;
