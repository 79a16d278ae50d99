//! The faults that `cargo test` runs: real processes, killed under load.
//!
//! A run's seed is printed, so that a failure can be tried again with `crisol`. Longer runs, and
//! more kinds of faults at once, are for the hand: see `docs/how-to/run-the-fault-tests.md`.

mod broker_away;
mod checker;
mod postgres_dies;
mod siege;
