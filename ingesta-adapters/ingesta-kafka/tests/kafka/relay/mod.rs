//! The log on topics: producer, topics, and the relay in both modes.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on stops where it stands"
)]

mod broker_away;
mod installations;
mod kills;
mod mock;
mod order;
mod partitions;
mod postgres;
mod refusals;
pub(crate) mod support;
mod topics;
mod transactional;
mod waiting;
