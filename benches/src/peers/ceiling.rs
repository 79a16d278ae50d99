//! How near an append comes to what this server can do at all.

use super::Bench;
use crate::ceiling::{Ceiling, ROWS};
use crate::pgbench::Pgbench;
use crate::series::{Window, interleave};
use crate::sides::Side;

pub(super) async fn run(bench: &mut Bench) -> anyhow::Result<()> {
    let ours = Side::ingesta(&mut bench.server, 0, false).await?;
    let ceiling = Ceiling::new(&mut bench.server, &bench.sample).await?;
    let pgbench = Pgbench::find(&mut bench.server, &bench.sample).await?;
    bench.warm(&[&ours]).await?;

    let passes = bench.passes();
    let table = {
        let (bench, time) = (&*bench, bench.load(1).time);
        let mut windows = vec![
            Window::new("ours append 128", || bench.create(&ours, 128)),
            Window::new("unnest of 1000, 2 connections", || ceiling.measure(time)),
            Window::new("ours append 1", || bench.create(&ours, 1)),
        ];
        if let Some(pgbench) = &pgbench {
            windows.push(Window::new("pgbench insert 1", || pgbench.measure(time)));
        }
        interleave(passes, &windows).await?
    };
    ours.finish().await?;

    let figures = &mut bench.figures;
    let statements = table.of("unnest of 1000, 2 connections").rates();
    let rows: Vec<f64> = statements.iter().map(|rate| rate * ROWS as f64).collect();
    let ours = table.of("ours append 128").rates();
    figures.ratio_of("append_128_of_ceiling", &ours, &rows);
    figures.report_of("rate_append_ceiling", &rows, "rows/s");
    if pgbench.is_some() {
        let (ours, inserts) = (
            table.of("ours append 1").rates(),
            table.of("pgbench insert 1").rates(),
        );
        figures.ratio_of("create_1_of_pgbench", &ours, &inserts);
        figures.report_of("rate_pgbench_1", &inserts, "rows/s");
    } else {
        figures.report("create_1_of_pgbench_missing", 1.0, "pgbench");
    }
    Ok(())
}
