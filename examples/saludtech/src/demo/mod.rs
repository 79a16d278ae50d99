//! The whole landscape in one command.

/// Failures that every step meets now and then.
pub const FALLOS: &str = "";
