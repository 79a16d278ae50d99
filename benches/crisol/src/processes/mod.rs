//! The processes of a run: one PostgreSQL, one `ingesta` server, each killed without warning.
//!
//! Promises: what was started here is gone when its handle is; ports are free ones; a server that
//! ended by itself is an error, not a fault of the run.

mod binary;
mod database;
mod server;

pub use binary::server_binary;
pub use database::Postgres;
pub use server::{Launch, Server};
