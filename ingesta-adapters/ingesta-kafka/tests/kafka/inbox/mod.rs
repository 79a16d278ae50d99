//! Inboxes and dead letters on a real broker, with faults.

mod broker;
mod dead_letters;
mod ending;
mod flow;
mod frozen;
mod members;
mod poison;
mod sink;
mod stage;

pub(crate) use sink::Probe;
pub(crate) use stage::{Line, Stage};
