//! Process managers on an event-sourced log: processes over several aggregates or programs that
//! survive crashes, wait, retry and take back what they did.
//!
//! A [`ProcessManager`] is written as pure functions: what follows from what was heard, and what an
//! event asks for. The rest is here: its instances are aggregates in the log ([`Sagas`]);
//! [`Triggers`] tell them what happened in other streams; [`Actions`] carry out what they ask for,
//! at least once and by name; [`Timers`] are kept beside the checkpoint and heard once each.
//! [`Steps`] and [`Backoff`] are the pure halves of compensation and retries; [`testing`] has
//! given/when/then and an explorer of orders, repeats and losses; a [`DryRun`] shows what a manager
//! would have done over the history of a log.
//!
//! The crate knows no manager of its own, and shows no driver type. The guide, with a whole manager,
//! is `docs/how-to/write-a-saga.md`.

mod actions;
mod clock;
mod conversation;
mod delivery;
mod dry_run;
mod heard;
mod instance;
mod process;
mod request;
mod routes;
mod sagas;
mod steps;
pub mod testing;
mod timers;
mod triggers;
mod trouble;

pub use actions::{Acted, ActionSink, Actions, Asked};
pub use clock::Clock;
pub use conversation::caused_by;
pub use dry_run::{DryRun, DryRunReport, DryRunSaga, HeldBack, WouldAct};
pub use heard::Heard;
pub use instance::Instance;
pub use process::{HeardBy, ProcessManager, RequestBy};
pub use request::Request;
pub use routes::Routes;
pub use sagas::Sagas;
pub use steps::{Backoff, Steps};
pub use timers::{DueTimer, MemoryTimers, PAUSE_MAX, PendingTimer, PostgresTimers, TimerChanges};
pub use timers::{TimerHandle, TimerOptions, TimerSetting, TimerStatus, TimerWorker, Timers};
pub use triggers::Triggers;
pub use trouble::Trouble;

/// The guide's programs, compiled and run with the doc tests of this crate.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/how-to/write-a-saga.md")]
mod guide {}
