//! What the benches share: a small harness, the workloads, and vanilla postgres-es as the peer.
//!
//! Promises: things that are compared are measured in the same run, round by round, interleaved;
//! a ratio is the median of same-round ratios and is shown with its extremes; CPU time per command
//! is shown beside rates, because it is what another load on the machine disturbs least.
//! Does not: assert anything. No figure here fails a build.

pub mod ceiling;
pub mod closed_loop;
pub mod cpu;
pub mod postgres;
pub mod rounds;
pub mod sample;
pub mod settings;
pub mod sides;
pub mod vanilla;
