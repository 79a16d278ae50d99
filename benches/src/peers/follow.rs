//! Following the log: what it costs the append, and how soon a view holds what was answered.
//!
//! Latencies are taken from the moment a caller has its answer. The steady load is an open loop,
//! the saturated one a closed loop of 64 callers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ingesta_event_store::Storage;
use ingesta_event_store::subscription::RunnerOptions;
use ingesta_projections::ProjectionSubscriber;

use super::Bench;
use crate::closed_loop::{self, Load, Measured};
use crate::follower::{Follower, Nothing};
use crate::lags::{Lags, Noted, Steps};
use crate::open_loop;
use crate::quiet::Quiet;
use crate::series::{Window, interleave};
use crate::sides::{Ours, shown};

/// Callers of the saturated load.
const CALLERS: u32 = 64;

pub(super) async fn run(bench: &mut Bench) -> anyhow::Result<()> {
    let ours = Ours::open(&bench.server.database("follow").await?, 10_000).await?;
    let load = bench.load(CALLERS);
    creates(bench, &ours, load).await?;
    bench.server.checkpoint().await?;

    let table = {
        let bench = &*bench;
        let windows = [
            Window::new("ours append 64", || creates(bench, &ours, load)),
            Window::new("ours append 64, followed", || async {
                let (store, nothing) = (Arc::clone(&ours.storage), Arc::new(Nothing::default()));
                let follower = Follower::start(store, nothing, RunnerOptions::default()).await?;
                let measured = creates(bench, &ours, load).await?;
                follower.stop().await?;
                Ok(measured)
            }),
        ];
        interleave(bench.passes(), &windows).await?
    };
    let with = table.of("ours append 64, followed").rates();
    let without = table.of("ours append 64").rates();
    let lost: Vec<f64> = with
        .iter()
        .zip(&without)
        .map(|(with, without)| 1.0 - with / without)
        .collect();
    bench.figures.ratio("follower_cost", &lost);
    bench
        .figures
        .report_of("rate_append_64_followed", &with, "commands/s");

    let time = bench.settings.millis(5_000, 400);
    let polling = RunnerOptions {
        poll: Duration::from_millis(10),
        ..RunnerOptions::default()
    };
    let mut lags: [Vec<Lags>; 4] = Default::default();
    for pass in 0..bench.few_passes() {
        for place in 0..4 {
            let which = (pass + place) % 4;
            let store = Arc::clone(&ours.storage);
            lags[which].push(match which {
                0 => steady_view(bench, &ours, store, RunnerOptions::default(), time).await?,
                1 => {
                    let quiet = Arc::new(Quiet::new(store));
                    steady_view(bench, &ours, quiet, polling.clone(), time).await?
                }
                2 => steady_nothing(bench, &ours, time).await?,
                _ => saturated(bench, &ours, time).await?,
            });
        }
    }
    let [woken, polled, follower, full] = lags;
    let p99 = |lags: &[Lags]| lags.iter().map(|lags| lags.p99_ms).collect::<Vec<_>>();
    let (above, below) = (p99(&woken), p99(&polled));
    bench
        .figures
        .ratio_of("lag_view_2k_of_poll_10ms", &above, &below);
    report(bench, "lag_follower_2k", &follower);
    report(bench, "lag_view_2k", &woken);
    report(bench, "lag_view_2k_poll_10ms", &polled);
    report(bench, "lag_view_saturated", &full);
    Ok(())
}

/// Creates in a closed loop.
pub(super) async fn creates(bench: &Bench, ours: &Ours, load: Load) -> anyhow::Result<Measured> {
    let (ours, sample) = (ours.clone(), Arc::clone(&bench.sample));
    let create = move |_| {
        let (ours, sample) = (ours.clone(), Arc::clone(&sample));
        async move { ours.create(&sample).await.map(drop) }
    };
    closed_loop::run(load, create, async { Ok(()) }).await
}

/// The lag of a view while 64 callers append as fast as they can.
pub(super) async fn saturated(bench: &Bench, ours: &Ours, time: Duration) -> anyhow::Result<Lags> {
    let load = Load {
        time,
        ..bench.load(CALLERS)
    };
    let drive = async {
        let (ours, sample) = (ours.clone(), Arc::clone(&bench.sample));
        let answered = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&answered);
        let create = move |_| {
            let (ours, sample) = (ours.clone(), Arc::clone(&sample));
            let answered = Arc::clone(&noted);
            async move {
                let position = ours.create(&sample).await?;
                let at = Instant::now();
                let mut answered = answered.lock().unwrap_or_else(PoisonError::into_inner);
                answered.push(Noted { position, at });
                Ok(())
            }
        };
        closed_loop::run(load, create, async { Ok(()) }).await?;
        let mut answered = answered.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(std::mem::take(&mut *answered))
    };
    view(
        ours,
        Arc::clone(&ours.storage),
        RunnerOptions::default(),
        drive,
    )
    .await
}

async fn steady_view(
    bench: &Bench,
    ours: &Ours,
    store: Arc<dyn Storage>,
    options: RunnerOptions,
    time: Duration,
) -> anyhow::Result<Lags> {
    view(ours, store, options, steady(bench, ours, time)).await
}

async fn steady_nothing(bench: &Bench, ours: &Ours, time: Duration) -> anyhow::Result<Lags> {
    let nothing = Arc::new(Nothing::default());
    let (store, options) = (Arc::clone(&ours.storage), RunnerOptions::default());
    let follower = Follower::start(store, Arc::clone(&nothing) as _, options).await?;
    let answered = steady(bench, ours, time).await?;
    follower.catch_up().await?;
    follower.stop().await?;
    nothing.seen.lags(answered)
}

/// 2,000 commands a second of 32 callers.
pub(super) async fn steady(
    bench: &Bench,
    ours: &Ours,
    time: Duration,
) -> anyhow::Result<Vec<Noted>> {
    let (ours, sample) = (ours.clone(), Arc::clone(&bench.sample));
    let create = move || {
        let (ours, sample) = (ours.clone(), Arc::clone(&sample));
        async move { ours.create(&sample).await }
    };
    open_loop::run(2_000, 32, time, create).await
}

/// Keeps the view beside a load, and tells how far it was behind.
async fn view(
    ours: &Ours,
    store: Arc<dyn Storage>,
    options: RunnerOptions,
    drive: impl Future<Output = anyhow::Result<Vec<Noted>>>,
) -> anyhow::Result<Lags> {
    let subscriber = Arc::new(ProjectionSubscriber::new(&ours.database, shown()?));
    let follower = Follower::start(store, subscriber, options).await?;
    let (steps, observer) = Steps::observe(follower.position());
    let answered = drive.await?;
    follower.catch_up().await?;
    follower.stop().await?;
    // The runner is gone, and so its observer has seen everything.
    observer.await?;
    steps.lags(answered)
}

/// The figures of some windows.
pub(super) fn report(bench: &mut Bench, name: &str, lags: &[Lags]) {
    let each = |figure: fn(&Lags) -> f64| lags.iter().map(figure).collect::<Vec<_>>();
    let figures = &mut bench.figures;
    figures.report_of(&format!("{name}_p50"), &each(|lags| lags.p50_ms), "ms");
    figures.report_of(&format!("{name}_p99"), &each(|lags| lags.p99_ms), "ms");
    figures.report_of(&format!("{name}_growth"), &each(|lags| lags.growth), "x");
}
