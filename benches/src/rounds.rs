//! Figures of several rounds: the median with its extremes, and ratios within the same round.
//!
//! Rates drift by tens of percent on a shared machine; the quotient of two neighbours in one round
//! drifts far less. So ratios are taken round by round, and never from two medians.

use std::fmt;

/// The middle of several rounds, and how far they lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// The smallest.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

impl Spread {
    /// Of these figures.
    ///
    /// # Panics
    /// Where there are none.
    #[must_use]
    pub fn of(figures: &[f64]) -> Self {
        let mut sorted = figures.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (first, last) = (sorted.first(), sorted.last());
        let (min, max) = first.zip(last).expect("a bench has at least one round");
        Self {
            median: sorted[sorted.len() / 2],
            min: *min,
            max: *max,
        }
    }

    /// Of `above / below`, round by round.
    ///
    /// ```
    /// use ingesta_benches::rounds::Spread;
    /// let ratio = Spread::ratio(&[10.0, 40.0, 30.0], &[5.0, 10.0, 10.0]);
    /// assert_eq!((ratio.min, ratio.median, ratio.max), (2.0, 3.0, 4.0));
    /// ```
    ///
    /// # Panics
    /// Where there are no rounds.
    #[must_use]
    pub fn ratio(above: &[f64], below: &[f64]) -> Self {
        let ratios: Vec<f64> = above
            .iter()
            .zip(below)
            .map(|(above, below)| above / below)
            .collect();
        Self::of(&ratios)
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = f.precision().unwrap_or(2);
        let Self { median, min, max } = self;
        write!(
            f,
            "{median:.decimals$} [{min:.decimals$}..{max:.decimals$}]"
        )
    }
}

/// The line that other programs read: `ratio NAME VALUE [MIN..MAX]`.
#[must_use]
pub fn ratio_line(name: &str, above: &[f64], below: &[f64]) -> String {
    format!("ratio {name} {:.3}", Spread::ratio(above, below))
}
