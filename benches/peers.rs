//! Ingesta beside vanilla postgres-es and beside what the server can do at all, in one run.
//!
//! `cargo bench --bench peers`, or `cargo bench --bench peers -- create rebuild` for some groups;
//! docs/performance.md says what each figure means. It uses `DATABASE_URL`, else a PostgreSQL of
//! its own with fsync on. It judges nothing; a failing command ends it.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::sync::Arc;
use std::time::Instant;

use ingesta_benches::cpu::{CpuTime, cores};
use ingesta_benches::figures::Figures;
use ingesta_benches::peers::{self, Bench};
use ingesta_benches::postgres::Server;
use ingesta_benches::replay::{CHILD, be_child};
use ingesta_benches::sample::Sample;
use ingesta_benches::settings::Settings;
use tokio::signal::unix::{SignalKind, signal};

/// That of the server, for all sides.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    if std::env::args().any(|arg| arg == CHILD) {
        println!("{}", be_child().await?);
        return Ok(());
    }
    let groups: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"))
        .collect();
    let (settings, server) = (Settings::from_env(), Server::start().await?);
    println!("peers; {}; {}", settings.line(), server.about);
    let (began, postmaster) = (Instant::now(), server.postmaster);
    let before = CpuTime::now(postmaster);
    let mut bench = Bench {
        settings,
        server,
        sample: Arc::new(Sample::new()?),
        figures: Figures::default(),
    };
    // However it ends, the server and its data go: they take gigabytes.
    let ended = tokio::select! {
        ended = peers::run(&mut bench, &groups) => ended,
        stopped = stopped() => stopped,
    };
    bench.figures.finish();
    let load = CpuTime::now(postmaster).since(before);
    let figures = &mut bench.figures;
    figures.report("other_load", load.other_load(began.elapsed()), "%");
    figures.report("cores", f64::from(cores()), "cores");
    figures.report("took", began.elapsed().as_secs_f64(), "s");
    let finished = bench.server.finish().await;
    ended.and(finished)
}

/// Ends when somebody wants the bench to end.
async fn stopped() -> anyhow::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        asked = tokio::signal::ctrl_c() => asked?,
        _ = terminated.recv() => {}
    }
    anyhow::bail!("stopped by a signal")
}
