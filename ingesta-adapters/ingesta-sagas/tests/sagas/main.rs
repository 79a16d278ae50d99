//! What sagas promise: each thing is heard once, asked for by name, and taken back in order.
//!
//! `trip` is the manager that most tests play with, `desk` what it speaks to. What touches a store
//! runs on the one in memory and on a real Postgres, in a database of its own per test.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on ends where it stands"
)]

mod actions;
mod alarms;
mod conversation;
mod desk;
mod dry_run;
mod explorer;
mod ground;
mod operators;
mod scenario;
mod stage;
mod timers;
mod timers_table;
mod triggers;
mod trip;
mod workers;
