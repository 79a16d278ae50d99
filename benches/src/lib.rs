//! What the benches share: a small harness, the workloads, and vanilla postgres-es as the peer.
//!
//! Promises: things that are compared are measured in the same run, pass by pass, interleaved;
//! a ratio is the median of same-pass ratios; CPU time per command is shown beside rates, because
//! it is what another load on the machine disturbs least. A failing command ends the bench.
//! Does not: judge. No figure here fails a build.

pub mod ceiling;
pub mod closed_loop;
pub mod cpu;
pub mod figures;
pub mod follower;
pub mod http;
pub mod kafka;
pub mod lags;
pub mod open_loop;
pub mod peers;
pub mod pgbench;
pub mod postgres;
pub mod quiet;
pub mod replay;
pub mod rounds;
pub mod sample;
pub mod series;
pub mod settings;
pub mod sides;
pub mod vanilla;
