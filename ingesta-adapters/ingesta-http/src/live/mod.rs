//! Live feeds: what happens in the log, told to whoever watches, while they watch.
//!
//! Promises: every watcher gets every frame that it may see, in log order, from the place that it
//! names; one that comes back with its last cursor misses nothing; one that takes nothing costs a
//! cursor and no memory. All watchers of a process share one reader of the log.
//! Does not: decide who may see what, or what is told of an event: the program does, with
//! [`Tell`] and a filter.

mod feed;
mod frame;
mod recent;
mod refusals;
mod socket;
mod sse;
mod tell;
mod watch;

pub use feed::{FeedOptions, LiveFeed};
pub use frame::Frame;
pub use socket::socket;
pub use sse::sse;
pub use tell::{Tell, TellError};
pub use watch::{Batch, Watch, WatchFrom};
