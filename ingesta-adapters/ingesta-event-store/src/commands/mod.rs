//! The write side: load, decide, append, and again if somebody was faster.
//!
//! A command runs detached from the request that brought it: a caller that goes away loses
//! nothing. A conflict is retried a bounded number of times with a fresh load; all loads precede
//! the one write. A repeated command id answers with the first outcome, also where the aggregate
//! would refuse the repeat today, and where the first time had nothing to store. A refusal is not
//! remembered: the same command may succeed later.

mod cache;
mod context;
mod cqrs;
mod detached;
mod error;
mod execute;
mod executed;
mod load;
mod loaded;
mod past;
mod resolve;
mod snapshots;
mod step_aside;
mod unit_of_work;

pub use context::{CommandContext, fingerprint};
pub use cqrs::{CqrsContext, CqrsEventStore};
pub use error::CommandError;
pub use execute::Commands;
pub use executed::Executed;
pub use loaded::Loaded;
pub use unit_of_work::UnitOfWork;
