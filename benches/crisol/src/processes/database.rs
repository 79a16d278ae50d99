//! The PostgreSQL of a run: fsync on, killed with `SIGKILL`, started again on its port and data.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use ingesta_embedded::{Embedded, EmbeddedOptions};
use rustix::process::{Pid, Signal, kill_process};

/// A PostgreSQL that may die at any time.
pub struct Postgres {
    embedded: Embedded,
    folder: PathBuf,
}

impl Postgres {
    /// Starts one in this folder.
    ///
    /// # Errors
    /// When there is none to be had, or it does not start.
    pub async fn start(folder: &Path) -> anyhow::Result<Self> {
        let embedded = Embedded::start(EmbeddedOptions::new(folder)).await;
        let embedded = embedded.context("a run needs a PostgreSQL")?;
        // Where its user may not enter the folder, the data is elsewhere.
        let folder = embedded.data_dir().to_owned();
        Ok(Self { embedded, folder })
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        self.embedded.url()
    }

    /// Kills it (the first process; its children notice and end) and starts it again.
    ///
    /// # Errors
    /// When it was not running, does not start again, or not at the same address.
    pub async fn kill_and_revive(&mut self) -> anyhow::Result<()> {
        let pid = self
            .embedded
            .pid()
            .and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        let before = self.url().to_owned();
        kill_process(pid.context("PostgreSQL is not running")?, Signal::KILL)?;
        // It is gone when the kernel says so, which may be a moment later.
        while !self
            .embedded
            .revive()
            .await
            .context("PostgreSQL does not start again")?
        {
            tokio::task::yield_now().await;
        }
        ensure!(
            self.url() == before,
            "PostgreSQL came back at another address"
        );
        Ok(())
    }

    /// Stops it and deletes its data.
    ///
    /// # Errors
    /// When it does not stop.
    pub async fn finish(self) -> anyhow::Result<()> {
        self.embedded.stop().await?;
        std::fs::remove_dir_all(&self.folder).context("delete the data of a run")
    }
}
