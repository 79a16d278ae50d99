//! Numbers that look random and are the same for the same seed.

/// Dice for one run of the explorer. A world that throws them fails as randomly as the run does,
/// and no longer once the run has calmed down.
#[derive(Clone, Debug)]
pub struct Dice {
    state: u64,
    calm: bool,
}

impl Dice {
    /// The same seed gives the same numbers.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed,
            calm: false,
        }
    }

    /// A number below `limit`; 0 where that is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        // SplitMix64: every seed is a good one, also small numbers that follow each other.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let number = (mixed ^ (mixed >> 31)) >> 1;
        let limit = u64::try_from(limit.max(1)).unwrap_or(u64::MAX);
        usize::try_from(number % limit).unwrap_or(0)
    }

    /// True `percent` times out of a hundred, whatever the weather: for choices that are no faults.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// True `percent` times out of a hundred, and never once the run has calmed down: for faults. A
    /// neighbour that fails for ever would keep a manager that never gives up busy for ever.
    pub fn fault(&mut self, percent: usize) -> bool {
        self.chance(percent) && !self.calm
    }

    pub(super) fn calm_down(&mut self) {
        self.calm = true;
    }
}
