//! The append, against a real PostgreSQL: vanilla postgres-es and Ingesta, interleaved in one run.
//!
//! Creates, and updates of aggregates with ten events, at 1, 8, 32 and 128 callers: commands per
//! second, the middle and the slowest hundredth of the answers, CPU time per command of client and
//! server, and ratios within the same round; beside them the server's own ceiling. It uses
//! `DATABASE_URL`, else a PostgreSQL of its own with fsync on. It asserts nothing.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use ingesta_benches::ceiling::{Ceiling, ROWS};
use ingesta_benches::closed_loop::{self, Load, Measured};
use ingesta_benches::cpu::CpuTime;
use ingesta_benches::postgres::Server;
use ingesta_benches::rounds::{Spread, ratio_line};
use ingesta_benches::sample::Sample;
use ingesta_benches::settings::Settings;
use ingesta_benches::sides::Side;
use uuid::Uuid;

const CALLERS: [u32; 4] = [1, 8, 32, 128];
const OPERATIONS: [&str; 2] = ["create", "update"];

/// What the rounds of one side, operation and number of callers came to.
struct Cell {
    side: &'static str,
    operation: &'static str,
    callers: u32,
    rounds: Vec<Measured>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::from_env();
    let mut server = Server::start().await?;
    let ended = bench(settings, &mut server).await;
    let finished = server.finish().await;
    ended.and(finished)
}

async fn bench(settings: Settings, server: &mut Server) -> anyhow::Result<()> {
    println!("append; {}; {}", settings.line(), server.about);
    let (began, before) = (Instant::now(), CpuTime::now(server.postmaster));
    let sample = Arc::new(Sample::new()?);
    let ids: Arc<Vec<String>> = Arc::new(
        (0..settings.pick(8_000, 800))
            .map(|_| Uuid::now_v7().to_string())
            .collect(),
    );
    let sides = [
        Side::vanilla(server, true).await?,
        Side::vanilla(server, false).await?,
        Side::ingesta(server).await?,
    ];
    let ceiling = Ceiling::new(server, &sample).await?;
    let time = settings.millis(700, 150);
    let mut run = Run {
        sample,
        ids,
        postmaster: server.postmaster,
        time,
        cells: Vec::new(),
    };
    for side in &sides {
        side.seed(&run.sample, &run.ids).await?;
        // Connections, prepared statements and caches are warm before anything counts.
        run.measure(side, "create", 8).await?;
        run.measure(side, "update", 8).await?;
    }
    run.cells.clear();
    let mut ceilings = Vec::new();
    for round in 0..settings.pick(3, 1) {
        ceilings.push(ceiling.measure(time).await?);
        for callers in CALLERS {
            for operation in OPERATIONS {
                // Whoever comes first in one round comes later in the next.
                for place in 0..sides.len() {
                    let side = &sides[(place + round) % sides.len()];
                    run.measure(side, operation, callers).await?;
                }
            }
        }
    }
    run.print(&ceilings);
    println!(
        "{}",
        CpuTime::now(server.postmaster)
            .since(before)
            .other_load_line(began.elapsed())
    );
    println!("took {:.0} s", began.elapsed().as_secs_f64());
    Ok(())
}

struct Run {
    sample: Arc<Sample>,
    ids: Arc<Vec<String>>,
    postmaster: Option<u32>,
    time: Duration,
    cells: Vec<Cell>,
}

impl Run {
    /// One round of one cell.
    async fn measure(
        &mut self,
        side: &Side,
        operation: &'static str,
        callers: u32,
    ) -> anyhow::Result<()> {
        let update = operation == "update";
        if update {
            side.reset().await?;
        }
        let commands_max = if update {
            self.ids.len() as u64
        } else {
            u64::MAX
        };
        let load = Load {
            callers,
            time: self.time,
            commands_max,
            postmaster: self.postmaster,
        };
        let (sample, ids, on) = (
            Arc::clone(&self.sample),
            Arc::clone(&self.ids),
            side.clone(),
        );
        let measured = closed_loop::run(load, move |number| {
            let known = usize::try_from(number)
                .ok()
                .and_then(|number| ids.get(number));
            let (id, command) = match known.filter(|_| update) {
                Some(id) => (id.clone(), sample.update()),
                None => (Uuid::now_v7().to_string(), sample.create()),
            };
            let side = on.clone();
            async move { side.execute(id, command).await }
        })
        .await?;
        let same = |cell: &&mut Cell| {
            (cell.side, cell.operation, cell.callers) == (side.name, operation, callers)
        };
        match self.cells.iter_mut().find(same) {
            Some(cell) => cell.rounds.push(measured),
            None => {
                let (side, rounds) = (side.name, vec![measured]);
                self.cells.push(Cell {
                    side,
                    operation,
                    callers,
                    rounds,
                });
            }
        }
        Ok(())
    }

    fn print(&self, ceilings: &[Measured]) {
        println!(
            "{:<8}{:>8}  {:<18}{:>12}{:>10}{:>10}{:>16}",
            "command", "callers", "side", "commands/s", "p50 ms", "p99 ms", "CPU us c + s"
        );
        for operation in OPERATIONS {
            for callers in CALLERS {
                let here = |cell: &&Cell| (cell.operation, cell.callers) == (operation, callers);
                self.cells.iter().filter(here).for_each(Cell::print);
            }
        }
        let rows: Vec<f64> = ceilings.iter().map(|it| it.rate() * ROWS as f64).collect();
        println!(
            "ceiling: {:.0} rows/s, UNNEST of {ROWS} on 2 connections",
            Spread::of(&rows)
        );
        for operation in OPERATIONS {
            for callers in CALLERS {
                self.print_ratios(operation, callers, &rows);
            }
        }
    }

    fn print_ratios(&self, operation: &str, callers: u32, ceiling: &[f64]) {
        let of = |side: &str| {
            let wanted = (side, operation, callers);
            self.cells
                .iter()
                .find(|it| (it.side, it.operation, it.callers) == wanted)
        };
        let (Some(ours), Some(plain), Some(view)) =
            (of("ingesta"), of("vanilla"), of("vanilla_with_view"))
        else {
            return;
        };
        let name = format!("append_{operation}_{callers}");
        for peer in [plain, view] {
            let line = ratio_line(
                &format!("{name}_over_{}", peer.side),
                &ours.rates(),
                &peer.rates(),
            );
            println!("{line}");
        }
        println!(
            "{}",
            ratio_line(&format!("{name}_of_ceiling"), &ours.rates(), ceiling)
        );
        println!(
            "{}",
            ratio_line(
                &format!("{name}_cpu_vanilla_over_ingesta"),
                &plain.cpu(),
                &ours.cpu()
            )
        );
    }
}

impl Cell {
    fn rates(&self) -> Vec<f64> {
        self.rounds.iter().map(Measured::rate).collect()
    }

    /// Microseconds of CPU time a command, client and server together, round by round.
    fn cpu(&self) -> Vec<f64> {
        let each =
            |it: &Measured| 1e6 * (it.cpu.client + it.cpu.server) / closed_loop::count(it.commands);
        self.rounds.iter().map(each).collect()
    }

    fn print(&self) {
        let of = |figure: fn(&Measured) -> f64| {
            Spread::of(&self.rounds.iter().map(figure).collect::<Vec<_>>()).median
        };
        // Over all rounds, because a tick is long beside a round.
        let commands: f64 = self
            .rounds
            .iter()
            .map(|it| closed_loop::count(it.commands))
            .sum();
        let micros = |figure: fn(&Measured) -> f64| {
            1e6 * self.rounds.iter().map(figure).sum::<f64>() / commands
        };
        let (client, server) = (micros(|it| it.cpu.client), micros(|it| it.cpu.server));
        println!(
            "{:<8}{:>8}  {:<18}{:>12.0}{:>10.2}{:>10.2}{:>16}",
            self.operation,
            self.callers,
            self.side,
            of(Measured::rate),
            of(|it| it.p50_ms),
            of(|it| it.p99_ms),
            format!("{client:.0} + {server:.0}"),
        );
    }
}
