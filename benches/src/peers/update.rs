//! Updates: of aggregates that must be loaded, ten events each, and of aggregates that are kept in
//! memory.
//!
//! Every window has aggregates of its own. The rules of an ingesta end its life after a few
//! changes, so those that are to be in memory are changed once, unmeasured, and measured with the
//! change that follows.

use std::sync::Arc;

use super::Bench;
use crate::closed_loop::{Load, Measured};
use crate::series::{Window, interleave};
use crate::sides::Side;

/// Aggregates of a window: more than it will get done, so that its time ends it. If a machine is
/// faster, the window is shorter.
struct Aggregates {
    vanilla: usize,
    cold: usize,
    cached: usize,
}

pub(super) async fn run(bench: &mut Bench) -> anyhow::Result<()> {
    let aggregates = bench.settings.pick(
        Aggregates {
            vanilla: 8_000,
            cold: 20_000,
            cached: 60_000,
        },
        Aggregates {
            vanilla: 500,
            cold: 1_000,
            cached: 2_000,
        },
    );
    let vanilla = Side::vanilla(&mut bench.server, false).await?;
    let vanilla_view = Side::vanilla(&mut bench.server, true).await?;
    let cold = Side::ingesta(&mut bench.server, 0, true).await?;
    let cached = Side::ingesta(&mut bench.server, aggregates.cached, false).await?;
    bench
        .warm(&[&vanilla, &vanilla_view, &cold, &cached])
        .await?;

    let passes = bench.passes();
    let table = {
        let bench = &*bench;
        let plain =
            |name, side, count| Window::new(name, move || update(bench, side, count, false));
        let windows = [
            plain("vanilla update 128", &vanilla, aggregates.vanilla),
            plain("vanilla update 128 view", &vanilla_view, aggregates.vanilla),
            plain("ours update 128 cold view", &cold, aggregates.cold),
            Window::new("ours update 128 cached", || {
                update(bench, &cached, aggregates.cached, true)
            }),
        ];
        interleave(passes, &windows).await?
    };
    for side in [vanilla, vanilla_view, cold, cached] {
        side.finish().await?;
    }

    let (vanilla, vanilla_view) = (
        table.of("vanilla update 128"),
        table.of("vanilla update 128 view"),
    );
    let (cold, cached) = (
        table.of("ours update 128 cold view"),
        table.of("ours update 128 cached"),
    );
    let figures = &mut bench.figures;
    figures.ratio_of("update_128_cold_view", &cold.rates(), &vanilla_view.rates());
    figures.ratio_of("update_128_cached", &cached.rates(), &vanilla.rates());
    figures.cpu("update_cold_view", cold, vanilla_view);
    figures.cpu("update_cached", cached, vanilla);
    for (name, series) in [
        ("rate_update_128_vanilla", vanilla),
        ("rate_update_128_view_vanilla", vanilla_view),
        ("rate_update_128_cold_view_ours", cold),
        ("rate_update_128_cached_ours", cached),
    ] {
        figures.report_of(name, &series.rates(), "commands/s");
    }
    Ok(())
}

async fn update(
    bench: &Bench,
    side: &Side,
    count: usize,
    in_memory: bool,
) -> anyhow::Result<Measured> {
    let ids = Arc::new(side.seed(&bench.sample, count).await?);
    let load = Load {
        commands_max: ids.len() as u64,
        ..bench.load(128)
    };
    let by_number = |ids: &Arc<Vec<String>>| {
        let ids = Arc::clone(ids);
        move |number| {
            let place = usize::try_from(number).ok();
            let id = place.and_then(|place| ids.get(place));
            id.cloned().unwrap_or_default()
        }
    };
    let (id, sample) = (by_number(&ids), Arc::clone(&bench.sample));
    if !in_memory {
        return side
            .window(load, move |number| (id(number), sample.update()))
            .await;
    }
    let whole = Load {
        time: std::time::Duration::MAX,
        ..load
    };
    side.window(whole, move |number| (id(number), sample.update()))
        .await?;
    let (id, sample) = (by_number(&ids), Arc::clone(&bench.sample));
    side.window(load, move |number| (id(number), sample.finish()))
        .await
}
