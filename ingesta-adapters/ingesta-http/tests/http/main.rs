//! Each piece of the crate behind a small router, asked without a socket; the edge from raw ones.
//!
//! Promises: tables of input and answer; what a client sent is looked for in every refusal.
//! No time is measured.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails by panicking, too"
)]

mod asking;
mod bodies;
mod conditionals;
mod context_headers;
mod edge;
mod idempotency;
mod json_shapes;
mod live;
mod paging;
mod problems;
mod routes;
mod waits;
