//! A quick keyed hash for ids: which worker owns a key, and where its row stands in a map.
//!
//! The key is drawn anew for every pass, so nobody can choose ids that fall together. Not for
//! anything that is stored.

use std::hash::{BuildHasher, Hasher, RandomState};

/// The key of the hash.
#[derive(Clone, Copy)]
pub(super) struct Seed(u64, u64);

impl Seed {
    pub(super) fn random() -> Self {
        let drawn = RandomState::new();
        Self(drawn.hash_one(1_u8), drawn.hash_one(2_u8) | 1)
    }

    /// The hash of a text.
    pub(super) fn of(self, text: &[u8]) -> u64 {
        let mut hasher = self.build_hasher();
        hasher.write(text);
        hasher.finish()
    }
}

impl BuildHasher for Seed {
    type Hasher = Keyed;

    fn build_hasher(&self) -> Keyed {
        Keyed {
            state: self.0,
            factor: self.1,
        }
    }
}

pub(super) struct Keyed {
    state: u64,
    factor: u64,
}

impl Hasher for Keyed {
    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.write_u64(le(word));
        }
        // The length keeps texts apart that differ in zeros at the end only.
        let rest = words.remainder();
        self.write_u64(le(rest) ^ ((bytes.len() as u64) << 56));
    }

    fn write_u8(&mut self, byte: u8) {
        self.state = self.state.rotate_left(8) ^ u64::from(byte);
    }

    fn write_u64(&mut self, word: u64) {
        self.state = folded(self.state ^ word, self.factor);
    }

    fn finish(&self) -> u64 {
        folded(self.state, 0x9e37_79b9_7f4a_7c15)
    }
}

/// Up to eight bytes as a number.
fn le(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

/// Both halves of the long product, laid over each other.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the halves are what is wanted"
)]
fn folded(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}
