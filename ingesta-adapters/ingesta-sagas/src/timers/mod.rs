//! Durable timers: set by sagas, kept beside their checkpoint, fired by any process that has time.
//!
//! Each setting is heard once, however many workers there are and whoever dies: the telling is
//! named `timer/{type}/{instance}/{timer}/{token}`. No timer fires early on the store's clock; one
//! may be late by as much as a worker's [`TimerOptions::poll`], or as long as no worker runs.

mod memory;
mod options;
mod port;
mod postgres;
mod worker;

pub use memory::MemoryTimers;
pub use options::TimerOptions;
pub use port::{DueTimer, PAUSE_MAX, PendingTimer, TimerChanges, TimerSetting, Timers};
pub use postgres::PostgresTimers;
pub use worker::{TimerHandle, TimerStatus, TimerWorker};
