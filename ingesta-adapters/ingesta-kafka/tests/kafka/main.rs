//! The adapter at its boundary: real topics where they matter, plain bytes where they do not.

mod formats;
mod inbox;
mod relay;
mod secured;
