//! What sharing and standing ask of a service: to be found, started and stopped in a folder.
//!
//! Promises: whatever a crash left in the folder, half-started or not, is found, or stopped.
//! Does not: lock; whoever calls holds the folder's lock.

use std::path::PathBuf;

use super::folder::Folder;

/// A service whose data nobody needs afterwards.
pub(crate) trait Throwaway {
    /// How people call it.
    const NAME: &'static str;
    /// The variable that names a given one.
    const VARIABLE: &'static str;
    /// What stops it: signals, each with the seconds that it is given, until one works.
    const SIGNALS: &'static str;

    /// The one that runs in the folder and answers.
    async fn find(&self, folder: &Folder) -> anyhow::Result<Option<Running>>;

    /// Starts one that outlives this process.
    async fn start(&self, folder: &Folder) -> anyhow::Result<Running>;

    /// Stops what runs in the folder, and deletes its data; answers whether any ran.
    async fn stop(&self, folder: &Folder) -> anyhow::Result<bool>;
}

/// A service that runs: its address, its process, its data.
#[derive(Clone)]
pub(crate) struct Running {
    pub(crate) address: String,
    pub(crate) pid: u32,
    pub(crate) data: PathBuf,
}
