//! Folding a whole log again: the peer's way, ours, and what the server alone would need for it.

mod child;
mod floor;
mod history;
mod run;
mod vanilla_replay;

pub use child::{CHILD, Rebuilt, be_child, rebuild_in_child};
pub use floor::floor;
pub use history::{EVENTS_EACH, fill};
pub use vanilla_replay::replay;
