//! The launcher against real PostgreSQL processes.
//!
//! Every test works in a folder of its own, on a port that the launcher chose.
//! Does not: test npm's package, which needs the network; `from_npm.rs` says how to.

mod from_npm;
mod lifecycle;
mod orphans;
mod owner;
mod refusals;
mod support;
mod users;
