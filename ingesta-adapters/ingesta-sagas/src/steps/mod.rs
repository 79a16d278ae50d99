//! The pure halves of a long process: its steps with their way back, and pauses between tries.
//!
//! Both are values that a process manager keeps in its state; neither stores, waits or counts by
//! itself.

mod backoff;
mod book;

pub use backoff::Backoff;
pub use book::Steps;
