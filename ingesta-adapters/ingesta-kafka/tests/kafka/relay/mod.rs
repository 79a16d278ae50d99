//! The log on topics: producer, topics, and the relay in both modes.

mod broker_away;
mod kills;
mod mock;
mod order;
mod partitions;
mod postgres;
mod refusals;
mod support;
mod topics;
mod transactional;
mod waiting;
