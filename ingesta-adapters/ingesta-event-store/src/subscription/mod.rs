//! Following the log: who reads, how far, and what happens to an event that cannot be processed.
//!
//! A [`Subscriber`] says what to do with events; the [`Runner`] owns order, lease, checkpoint,
//! retries, parking and shutdown. Effects and checkpoint are stored together, guarded by the
//! lease's epoch, so an owner that lost its lease writes nothing. Nothing is skipped by itself:
//! an event that fails parks its own stream, later events of that stream queue behind it, and
//! the others go on.

mod effect;
mod lease;
mod obstacle;
mod parked;
mod runner;
mod subscriber;

pub use effect::{Arg, Effect, SqlEffect};
pub use lease::{Commit, Lease, SubscriptionStatus};
pub use parked::{Park, ParkReason, ParkedStream, Unpark};
pub use runner::{Runner, RunnerHandle, RunnerOptions, RunnerStatus, Waited, wait_for};
pub use subscriber::{ConsumeError, Subscriber};
