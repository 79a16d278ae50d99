//! Windows that are measured again and again, interleaved: each pass begins with another one.
//!
//! What comes first in a pass has a cooler machine and smaller tables than what comes last, so the
//! place rotates, and a ratio is taken between windows of the same pass.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::future::Future;
use std::pin::Pin;

use anyhow::Context;

use crate::closed_loop::{Measured, count};
use crate::rounds::Spread;

type Measuring<'a> = Pin<Box<dyn Future<Output = anyhow::Result<Measured>> + 'a>>;

/// Something that is measured once in every pass.
pub struct Window<'a> {
    name: String,
    measure: Box<dyn Fn() -> Measuring<'a> + 'a>,
}

impl<'a> Window<'a> {
    /// Named for people and for [`Table::of`].
    pub fn new<F, R>(name: impl Into<String>, measure: F) -> Self
    where
        F: Fn() -> R + 'a,
        R: Future<Output = anyhow::Result<Measured>> + 'a,
    {
        Self {
            name: name.into(),
            measure: Box::new(move || Box::pin(measure())),
        }
    }
}

/// What the passes of one window came to.
#[derive(Debug)]
pub struct Series {
    name: String,
    rounds: Vec<Measured>,
}

/// The series of all windows.
#[derive(Debug)]
pub struct Table(Vec<Series>);

/// Measures every window in every pass.
///
/// # Errors
/// The first that a window ends with.
pub async fn interleave(passes: usize, windows: &[Window<'_>]) -> anyhow::Result<Table> {
    let fresh = |window: &Window<'_>| Series {
        name: window.name.clone(),
        rounds: Vec::new(),
    };
    let mut table = Table(windows.iter().map(fresh).collect());
    for pass in 0..passes {
        for place in 0..windows.len() {
            let at = (place + pass) % windows.len();
            let window = &windows[at];
            let measured = (window.measure)().await;
            let measured = measured.with_context(|| format!("measure {}", window.name))?;
            table.0[at].rounds.push(measured);
        }
    }
    table.print();
    Ok(table)
}

impl Table {
    /// The series of this window.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn of(&self, name: &str) -> &Series {
        let found = self.0.iter().find(|series| series.name == name);
        found.expect("a group asks for windows that it has measured")
    }

    fn print(&self) {
        println!(
            "{:<32}{:>12}{:>10}{:>10}{:>16}",
            "", "per second", "p50 ms", "p99 ms", "CPU us c + s"
        );
        for series in &self.0 {
            let of = |figure: fn(&Measured) -> f64| Spread::of(&series.each(figure)).median;
            let (client, server) = series.cpu_client_and_server();
            println!(
                "{:<32}{:>12.0}{:>10}{:>10}{:>16}",
                series.name,
                of(Measured::rate),
                millis(of(|it| it.p50_ms)),
                millis(of(|it| it.p99_ms)),
                format!("{client:.0} + {server:.0}"),
            );
        }
    }
}

impl Series {
    /// Operations per second, pass by pass.
    #[must_use]
    pub fn rates(&self) -> Vec<f64> {
        self.each(Measured::rate)
    }

    /// The time that one answer in a hundred exceeds, in milliseconds, pass by pass.
    #[must_use]
    pub fn p99(&self) -> Vec<f64> {
        self.each(|it| it.p99_ms)
    }

    /// Microseconds of CPU time an operation, client and server together, pass by pass.
    #[must_use]
    pub fn cpu(&self) -> Vec<f64> {
        self.each(|it| 1e6 * (it.cpu.client + it.cpu.server) / count(it.commands))
    }

    /// Microseconds of CPU time an operation, over all passes: a tick is long beside a window.
    #[must_use]
    pub fn cpu_client_and_server(&self) -> (f64, f64) {
        let commands: f64 = self.each(|it| count(it.commands)).iter().sum();
        let micros =
            |figure: fn(&Measured) -> f64| 1e6 * self.each(figure).iter().sum::<f64>() / commands;
        (micros(|it| it.cpu.client), micros(|it| it.cpu.server))
    }

    fn each(&self, figure: impl Fn(&Measured) -> f64) -> Vec<f64> {
        self.rounds.iter().map(figure).collect()
    }
}

/// Not every window tells single times.
fn millis(value: f64) -> String {
    if value.is_nan() {
        "-".to_owned()
    } else {
        format!("{value:.2}")
    }
}
