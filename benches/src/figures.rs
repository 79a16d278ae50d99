//! The lines that other programs read: one for each figure, with its goal where it has one.
//!
//! `ratio NAME VALUE goal >=GOAL` (or `<=GOAL`) and `report NAME VALUE UNIT`; the extremes stand on
//! a line of their own for people. The goals are here, in one table, and nowhere else.
//! It asserts nothing: whoever reads the lines judges.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use crate::rounds::Spread;
use crate::series::Series;

/// On which side of its goal a ratio should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

/// Every ratio that has a goal.
pub const GOALS: &[(&str, Goal)] = &[
    ("create_1", Goal::AtLeast(4.0)),
    ("create_128_view", Goal::AtLeast(18.0)),
    ("create_128", Goal::AtLeast(20.0)),
    ("update_128_cold_view", Goal::AtLeast(10.0)),
    ("update_128_cached", Goal::AtLeast(28.0)),
    ("http_create_128", Goal::AtLeast(8.0)),
    ("append_128_of_ceiling", Goal::AtLeast(0.8)),
    ("create_1_of_pgbench", Goal::AtLeast(0.9)),
    ("p99_create_128", Goal::AtLeast(18.0)),
    ("cpu_create_view", Goal::AtLeast(20.0)),
    ("rebuild_1m", Goal::AtLeast(500.0)),
    ("rebuild_1m_of_floor", Goal::AtLeast(0.95)),
    ("rebuild_10m_of_1m", Goal::AtLeast(0.9)),
    ("append_on_10m_of_empty", Goal::AtLeast(0.8)),
    ("follower_cost", Goal::AtMost(0.1)),
    ("lag_view_2k_of_poll_10ms", Goal::AtMost(0.1)),
    ("kafka_relay_of_bare", Goal::AtLeast(0.8)),
];

/// Prints figures as they come, and keeps those that are printed at the end.
#[derive(Debug, Default)]
pub struct Figures {
    at_end: Vec<String>,
}

impl Figures {
    /// A ratio, of which each pass has brought one value: the median.
    ///
    /// # Panics
    /// When it has no goal in [`GOALS`], or there was no pass.
    pub fn ratio(&mut self, name: &str, values: &[f64]) {
        let goal = GOALS.iter().find(|(known, _)| *known == name);
        let (_, goal) = goal.expect("a ratio has a goal in the table");
        let spread = Spread::of(values);
        let goal = match goal {
            Goal::AtLeast(least) => format!(">={least}"),
            Goal::AtMost(most) => format!("<={most}"),
        };
        println!("ratio {name} {:.3} goal {goal}", spread.median);
        self.between(name, spread, values.len());
    }

    /// A ratio of two series, pass by pass.
    ///
    /// # Panics
    /// As [`Figures::ratio`].
    pub fn ratio_of(&mut self, name: &str, above: &[f64], below: &[f64]) {
        let values: Vec<f64> = above.iter().zip(below).map(|(a, b)| a / b).collect();
        self.ratio(name, &values);
    }

    /// A figure without a goal.
    pub fn report(&mut self, name: &str, value: f64, unit: &str) {
        println!("report {name} {} {unit}", shown(value));
    }

    /// A figure without a goal, of which each pass has brought one value: the median.
    ///
    /// # Panics
    /// When there was no pass.
    pub fn report_of(&mut self, name: &str, values: &[f64], unit: &str) {
        let spread = Spread::of(values);
        self.report(name, spread.median, unit);
        self.between(name, spread, values.len());
    }

    /// CPU time per operation of both sides, client and server apart; printed at the end.
    pub fn cpu(&mut self, operation: &str, ours: &Series, vanilla: &Series) {
        for (side, series) in [("ours", ours), ("vanilla", vanilla)] {
            let (client, server) = series.cpu_client_and_server();
            for (part, micros) in [("client", client), ("server", server)] {
                let micros = shown(micros);
                let line = format!("report cpu_{operation}_{side}_{part} {micros} us");
                self.at_end.push(line);
            }
        }
    }

    /// Prints what was kept.
    pub fn finish(&mut self) {
        for line in self.at_end.drain(..) {
            println!("{line}");
        }
    }

    fn between(&self, name: &str, spread: Spread, passes: usize) {
        let (min, max) = (shown(spread.min), shown(spread.max));
        println!("    {name}: {min} to {max} in {passes} passes");
    }
}

/// Enough digits to tell two runs apart, and no more.
fn shown(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}
