//! How long a bench measures: in full, or just long enough to see that it works.

use std::time::Duration;

/// The length of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// True for a run whose figures mean little.
    pub quick: bool,
}

impl Settings {
    /// Short where `INGESTA_BENCH_QUICK` is set to anything but `0`, and where cargo runs the bench
    /// as a test.
    #[must_use]
    pub fn from_env() -> Self {
        let asked = std::env::var("INGESTA_BENCH_QUICK").is_ok_and(|v| !v.is_empty() && v != "0");
        let bench = std::env::args().any(|arg| arg == "--bench");
        Self {
            quick: asked || !bench,
        }
    }

    /// One or the other.
    #[must_use]
    pub fn pick<T>(self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }

    /// One or the other, in milliseconds.
    #[must_use]
    pub fn millis(self, full: u64, quick: u64) -> Duration {
        Duration::from_millis(self.pick(full, quick))
    }

    /// A line that says which it is.
    #[must_use]
    pub fn line(self) -> &'static str {
        self.pick("run: full", "run: quick, its figures mean little")
    }
}
