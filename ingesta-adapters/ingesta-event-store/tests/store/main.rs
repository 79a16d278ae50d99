//! The store held to its promises, on a real Postgres and in memory.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on stops where it stands"
)]

mod adopt;
mod already_done;
mod appender;
mod black_hole;
mod cluster;
mod codec;
mod concurrency;
mod contract;
mod faults;
mod first_answer;
mod history;
mod idempotency;
mod loading;
mod memory;
mod moments;
mod neighbours;
mod notes;
mod order;
mod purge;
mod regression;
mod regression_snapshots;
mod runner;
mod schema;
mod server_log;
mod snapshot_schema;
mod snapshots;
mod support;
mod trips;
mod unit;
mod unpolled;
mod versions;
