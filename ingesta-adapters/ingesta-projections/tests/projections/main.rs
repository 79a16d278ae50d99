//! What projections promise: rows are a fold of the log, exactly once, whoever dies in between.
//!
//! Tests of the fold alone call `consume` and need no store; `memory` runs on the store in memory;
//! everything else runs on a real Postgres, in a database of its own per test.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on ends where it stands"
)]

mod accounts;
mod as_of;
mod changes;
mod exactly_once;
mod fold;
mod hand_over;
mod interop;
mod memory;
mod parking;
mod place;
mod rebuild;
mod regression;
mod several_streams;
mod status;
mod table;
mod upcasting;
mod waiting;
