//! Building the table of a projection anew from the log, beside the one that is read, and putting
//! it in its place.
//!
//! A [`Rebuild`] names one projection or several. Its passes over the log fold all of them in
//! memory; the rows go into fresh tables, which then follow the log until each is swapped with the
//! old one in one short transaction. The old view answers and is kept up all the while, writers go
//! on, and no follower is stalled. A rebuild that was killed goes on where it stopped.
//!
//! Indexes, rights and views that somebody has added to the old table by hand are not carried over.

mod build;
mod catch_up;
mod compare;
mod digest;
mod error;
mod fence;
mod folding;
mod fresh;
mod guard;
mod held;
mod index;
mod keep;
mod key_name;
mod live;
mod memory;
mod names;
mod one;
mod options;
mod parked;
mod pass;
mod progress;
mod rebuilding;
mod run;
mod session;
mod state;
mod swap;
mod target;
mod verify;
mod write;

pub use compare::Compared;
pub use error::RebuildError;
pub(crate) use names::rebuild_of;
pub use names::{is_build, is_verification};
pub use one::Mended;
pub use options::RebuildOptions;
pub use progress::{RebuildPhase, RebuildProgress};
pub use rebuilding::Rebuild;
pub use run::Rebuilt;
pub use verify::{Differing, Digest, Verified};
