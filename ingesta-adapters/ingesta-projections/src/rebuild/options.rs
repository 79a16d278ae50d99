//! The settings of a rebuild, each with its default and its unit.
//!
//! Any value works: what would make no progress is raised to the least that does. Nothing here is
//! read from the environment.

use std::time::Duration;

use super::memory;

/// How a rebuild behaves.
#[derive(Clone, Debug)]
pub struct RebuildOptions {
    /// About how much memory the rows of a pass may take, over all projections, in bytes. What
    /// does not fit takes further passes over the log. Default: a quarter of the memory that this
    /// process may have, 256 MiB to 4 GiB. At least 4 MiB.
    pub memory_bytes: u64,
    /// How many threads fold. Default: as many as the machine has cores.
    pub workers: usize,
    /// Whether the fresh table is compared with the old one before they are swapped. Default true.
    pub compare: bool,
    /// How long the rebuild's lease lasts without renewal, and so how soon a killed one can be
    /// taken over. Default 10 s, at least 1 s.
    pub lease: Duration,
    /// How often the swap is tried while readers keep the table locked; the pauses between tries
    /// grow to 10 s. Default 12, at least 1.
    pub swap_tries: u32,
}

impl Default for RebuildOptions {
    fn default() -> Self {
        Self {
            memory_bytes: memory::default_bytes(),
            workers: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            compare: true,
            lease: Duration::from_secs(10),
            swap_tries: 12,
        }
    }
}

impl RebuildOptions {
    /// The least memory setting, in bytes.
    pub const MEMORY_BYTES_MIN: u64 = 4 << 20;

    pub(super) fn bounded(mut self) -> Self {
        self.memory_bytes = self.memory_bytes.max(Self::MEMORY_BYTES_MIN);
        self.workers = self.workers.max(1);
        let (least, most) = (Duration::from_secs(1), Duration::from_secs(3600));
        self.lease = self.lease.clamp(least, most);
        self.swap_tries = self.swap_tries.max(1);
        self
    }

    /// Bytes of rows that are sent in one transaction.
    pub(super) fn chunk_bytes(&self) -> usize {
        const MOST: u64 = 4 << 20;
        usize::try_from((self.memory_bytes / 16).min(MOST)).unwrap_or(4 << 20)
    }
}
