//! The store held to its promises, on a real Postgres and in memory.

mod adopt;
mod cluster;
mod codec;
mod concurrency;
mod contract;
mod faults;
mod idempotency;
mod memory;
mod order;
mod regression;
mod runner;
mod schema;
mod support;
