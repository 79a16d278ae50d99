//! Folding a log of a million events again: ours, the peer's `QueryReplay`, and the floor.
//!
//! A view stands already when the first measured rebuild begins, as it does when somebody rebuilds
//! one; and when they are done, the lag of a saturated follower on the new table is reported.

use std::time::Duration;

use anyhow::ensure;
use sqlx::{Connection, PgConnection};

use super::Bench;
use super::follow;
use crate::replay::{EVENTS_EACH, fill, floor, rebuild_in_child, replay};
use crate::sides::Ours;

pub(super) async fn run(bench: &mut Bench) -> anyhow::Result<()> {
    let aggregates = bench.settings.pick(100_000_u32, 2_000);
    let events = f64::from(aggregates) * EVENTS_EACH as f64;
    let url = bench.server.database("log").await?;
    let ours = Ours::open(&url, 10_000).await?;
    fill(&url, &bench.sample, aggregates as usize).await?;
    rebuild_in_child(&url, true).await?;
    holds(&url, aggregates).await?;

    let window = bench.settings.millis(6_000, 300);
    let (mut rebuilds, mut floors, mut replays) = (Vec::new(), Vec::new(), Vec::new());
    let (mut reads, mut writes, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    let mut uncompared = Vec::new();
    for pass in 0..bench.few_passes() {
        for place in 0..4 {
            match (pass + place) % 4 {
                0 => {
                    let rebuilt = rebuild_in_child(&url, true).await?;
                    holds(&url, aggregates).await?;
                    rebuilds.push(events / rebuilt.seconds);
                    memory.push(rebuilt.peak_rss_mib);
                }
                1 => {
                    let (read, write) = floor(&url).await?;
                    floors.push(events / (read + write).as_secs_f64());
                    reads.push(events / read.as_secs_f64());
                    writes.push(f64::from(aggregates) / write.as_secs_f64());
                }
                2 => {
                    let rebuilt = rebuild_in_child(&url, false).await?;
                    uncompared.push(events / rebuilt.seconds);
                }
                _ => replays.push(replay(&url, window).await?),
            }
        }
    }
    let figures = &mut bench.figures;
    figures.ratio_of("rebuild_1m", &rebuilds, &replays);
    figures.ratio_of("rebuild_1m_of_floor", &rebuilds, &floors);
    figures.report_of("rate_rebuild_1m", &rebuilds, "events/s");
    figures.report_of("rate_rebuild_1m_not_compared", &uncompared, "events/s");
    figures.report_of("rate_rebuild_1m_floor", &floors, "events/s");
    figures.report_of("rate_copy_out", &reads, "events/s");
    figures.report_of("rate_copy_in", &writes, "rows/s");
    figures.report_of("rate_query_replay", &replays, "events/s");
    figures.report_of("rebuild_1m_peak_rss", &memory, "MiB");

    let time = bench.settings.millis(5_000, 300);
    let lags = follow::saturated(bench, &ours, time).await?;
    follow::report(bench, "lag_view_saturated_after_rebuild", &[lags]);
    Ok(())
}

/// Makes sure that the view holds every aggregate as of its last event.
///
/// # Errors
/// When it does not.
pub(super) async fn holds(url: &str, aggregates: u32) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    let counted = "select count(*) filter (where version = $1), count(*) from ingesta_view";
    let (whole, all): (i64, i64) = sqlx::query_as(counted)
        .bind(i64::try_from(EVENTS_EACH)?)
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    let expected = i64::from(aggregates);
    ensure!(
        (whole, all) == (expected, expected),
        "a rebuild left {whole} whole rows of {all}, where {expected} aggregates are"
    );
    // What a rebuild leaves to be written out later is nobody else's.
    tokio::time::sleep(Duration::from_millis(100)).await;
    Ok(())
}
