//! Being built.

pub mod services;

pub mod contract;
mod eventually;

pub use eventually::{PATIENCE, eventually};
