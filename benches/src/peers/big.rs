//! A log of ten million events: rebuilding it, and appending to it.
//!
//! Beside it stand a log of one million events, rebuilt in the same passes, and an empty one.

use std::sync::Arc;

use super::Bench;
use super::follow::creates;
use super::rebuild::holds;
use crate::replay::{EVENTS_EACH, fill, rebuild_in_child};
use crate::series::{Window, interleave};
use crate::sides::Ours;

pub(super) async fn run(bench: &mut Bench) -> anyhow::Result<()> {
    let sizes = bench
        .settings
        .pick([100_000_u32, 1_000_000], [1_000, 4_000]);
    let mut logs = Vec::new();
    for aggregates in sizes {
        let url = bench.server.database("log").await?;
        let ours = Ours::open(&url, 10_000).await?;
        let sample = Arc::clone(&bench.sample);
        fill(&url, &sample, aggregates as usize).await?;
        rebuild_in_child(&url, true).await?;
        logs.push((url, ours, aggregates));
    }
    let mut rates = [Vec::new(), Vec::new()];
    let mut memory = Vec::new();
    for pass in 0..bench.few_passes() {
        for place in 0..2 {
            let which = (pass + place) % 2;
            let (url, _, aggregates) = &logs[which];
            let rebuilt = rebuild_in_child(url, true).await?;
            holds(url, *aggregates).await?;
            let events = f64::from(*aggregates) * EVENTS_EACH as f64;
            rates[which].push(events / rebuilt.seconds);
            if which == 1 {
                memory.push(rebuilt.peak_rss_mib);
            }
        }
    }
    let [small, large] = rates;
    let figures = &mut bench.figures;
    figures.ratio_of("rebuild_10m_of_1m", &large, &small);
    figures.report_of("rate_rebuild_10m", &large, "events/s");
    figures.report_of("rebuild_10m_peak_rss", &memory, "MiB");
    append(bench, &logs[1].1).await
}

async fn append(bench: &mut Bench, large: &Ours) -> anyhow::Result<()> {
    let empty = Ours::open(&bench.server.database("empty").await?, 10_000).await?;
    let load = bench.load(128);
    for ours in [large, &empty] {
        creates(bench, ours, load).await?;
    }
    bench.server.checkpoint().await?;
    let passes = bench.passes();
    let table = {
        let (bench, empty) = (&*bench, &empty);
        let windows = [
            Window::new("ours append 128, 10M events", || {
                creates(bench, large, load)
            }),
            Window::new("ours append 128, empty", || async {
                sqlx::raw_sql("truncate events")
                    .execute(empty.database.pool())
                    .await?;
                creates(bench, empty, load).await
            }),
        ];
        interleave(passes, &windows).await?
    };
    let (large, empty) = (
        table.of("ours append 128, 10M events").rates(),
        table.of("ours append 128, empty").rates(),
    );
    bench
        .figures
        .ratio_of("append_on_10m_of_empty", &large, &empty);
    bench
        .figures
        .report_of("rate_append_128_on_10m", &large, "commands/s");
    Ok(())
}
