//! Test support for programs on Ingesta: services on demand, the store contract, waiting.
//!
//! [`services`] finds or starts a real Postgres, once per test run, and gives a database of its own
//! to each test. [`contract`] is the suite that every store must pass; a store of your own can be
//! held to it in three lines. [`eventually()`] waits for a condition instead of a guessed time.
//! Nothing here belongs into a running program.

pub mod contract;
mod eventually;
pub mod services;

pub use eventually::{PATIENCE, eventually};
