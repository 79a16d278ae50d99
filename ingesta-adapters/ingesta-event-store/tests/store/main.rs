//! The store held to its promises, on a real Postgres and in memory.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on stops where it stands"
)]

mod adopt;
mod appender;
mod cluster;
mod codec;
mod concurrency;
mod contract;
mod faults;
mod idempotency;
mod memory;
mod neighbours;
mod notes;
mod order;
mod regression;
mod runner;
mod schema;
mod support;
mod unit;
