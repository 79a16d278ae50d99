//! Creations: one caller and many, with the view on both sides and without it on both.

use super::Bench;
use crate::figures::Figures;
use crate::rounds::Spread;
use crate::series::{Table, Window, interleave};
use crate::sides::Side;

/// Figures with goals are those of 1 and 128 callers; the others show the way between them.
const CALLERS: [u32; 4] = [1, 8, 32, 128];
/// What `Commands` keeps where nobody says otherwise.
const CACHED: usize = 10_000;

pub(super) async fn run(bench: &mut Bench) -> anyhow::Result<()> {
    let vanilla = Side::vanilla(&mut bench.server, false).await?;
    let vanilla_view = Side::vanilla(&mut bench.server, true).await?;
    let ours = Side::ingesta(&mut bench.server, CACHED, false).await?;
    let ours_view = Side::ingesta(&mut bench.server, CACHED, true).await?;
    bench
        .warm(&[&vanilla, &vanilla_view, &ours, &ours_view])
        .await?;

    let passes = bench.passes();
    let table = {
        let bench = &*bench;
        let window =
            |name: String, side, callers| Window::new(name, move || bench.create(side, callers));
        let mut windows = Vec::new();
        for callers in CALLERS {
            windows.push(window(
                format!("vanilla create {callers}"),
                &vanilla,
                callers,
            ));
            windows.push(window(format!("ours create {callers}"), &ours, callers));
        }
        for callers in [1, 128] {
            let name = |side| format!("{side} create {callers} view");
            windows.push(window(name("vanilla"), &vanilla_view, callers));
            windows.push(window(name("ours"), &ours_view, callers));
        }
        interleave(passes, &windows).await?
    };
    for side in [vanilla, vanilla_view, ours, ours_view] {
        side.finish().await?;
    }

    print(&mut bench.figures, &table);
    Ok(())
}

fn print(figures: &mut Figures, table: &Table) {
    let of = |side: &str, window: &str| table.of(&format!("{side} create {window}"));
    for (name, window) in [
        ("create_1", "1"),
        ("create_128_view", "128 view"),
        ("create_128", "128"),
    ] {
        let (ours, vanilla) = (of("ours", window), of("vanilla", window));
        figures.ratio_of(name, &ours.rates(), &vanilla.rates());
    }
    let (ours, vanilla) = (of("ours", "128"), of("vanilla", "128"));
    figures.ratio_of("p99_create_128", &vanilla.p99(), &ours.p99());
    figures.cpu("create", ours, vanilla);
    let (ours, vanilla) = (of("ours", "128 view"), of("vanilla", "128 view"));
    figures.ratio_of("cpu_create_view", &vanilla.cpu(), &ours.cpu());
    figures.cpu("create_view", ours, vanilla);
    // Beside `create_1`, whose goal is of neither side keeping a view.
    let (ours, vanilla) = (of("ours", "1 view"), of("vanilla", "1 view"));
    let with_view = Spread::ratio(&ours.rates(), &vanilla.rates());
    figures.report("create_1_view", with_view.median, "x");
    for window in ["1", "8", "32", "128", "1 view", "128 view"] {
        for side in ["ours", "vanilla"] {
            let name = format!("rate_create_{}_{side}", window.replace(' ', "_"));
            figures.report_of(&name, &of(side, window).rates(), "commands/s");
        }
    }
}
