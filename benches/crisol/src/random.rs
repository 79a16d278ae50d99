//! Seeded random numbers: the same seed, the same draws.
//!
//! SplitMix64; good enough to choose faults and operations, and nothing else.

/// A stream of numbers.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of this seed; `lane` gives each client one of its own.
    #[must_use]
    pub const fn new(seed: u64, lane: u64) -> Self {
        Self(seed ^ lane.wrapping_add(1).wrapping_mul(0xd134_2543_de82_ef95))
    }

    /// Any number.
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `from` to `to`, both included.
    ///
    /// ```
    /// let mut random = crisol::random::Random::new(7, 0);
    /// assert!((3..=5).contains(&random.between(3, 5)));
    /// ```
    pub const fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.number() % (to - from + 1)
    }

    /// True in so many of a hundred draws.
    pub const fn percent(&mut self, share: u64) -> bool {
        self.number() % 100 < share
    }
}
