//! Live feeds over the store in memory: who sees what, from where, and what that costs.

mod feeds;
mod properties;
mod sockets;
mod stage;
mod streams;
