//! Testing a process manager without a store: given/when/then, and an explorer.
//!
//! Both use the manager as the running program does: timers that are not set are not heard. Nothing
//! here does I/O or waits; the explorer's dice are seeded, so a run that fails can be run again.

mod counterexample;
mod dice;
mod explorer;
mod run;
mod scenario;
mod world;

pub use counterexample::Counterexample;
pub use dice::Dice;
pub use explorer::{Explored, Explorer};
pub use scenario::{Scenario, Then};
pub use world::{Sent, World};
