//! A run of the explorer that broke a promise, as its reader needs it.

use std::fmt;

/// How a run went that ended badly. Its `Debug` is its text, so that `unwrap` shows it whole.
#[derive(Clone, PartialEq, Eq)]
pub struct Counterexample {
    /// What does not hold.
    pub why: String,
    /// Runs this very run again: `Explorer::default().seed(seed).runs(1)`.
    pub seed: u64,
    /// What happened, step by step. It shows inputs and actions: for tests only.
    pub steps: Vec<String>,
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.why)?;
        writeln!(
            f,
            "run it again with .seed({}).runs(1); it went:",
            self.seed
        )?;
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(f, "{:4}. {step}", number + 1)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Counterexample {}
