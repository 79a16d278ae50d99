//! One throw-away service for all test binaries of a run.
//!
//! Promises: whoever comes first starts it, all others find it; it lives as long as one of them
//! does and a grace period longer; a crash at any point leaves nothing that the next run cannot
//! find and use or stop.
//! Does not: keep its data: the watchdog deletes it. Does not know what it shares.

use std::fs::File;
use std::time::Duration;

use anyhow::Context;

use super::folder::Folder;
use super::lock::{self, Kind};
use super::throwaway::Throwaway;
use super::watchdog::{self, Orders};

/// The first comer may have to download the service.
const PATIENCE: Duration = Duration::from_secs(900);

/// A shared service and how long it outlives its last user.
#[derive(Debug, Clone)]
pub(crate) struct Shared<S> {
    service: S,
    folder: Folder,
    grace: Duration,
}

/// The use of a shared service; it ends when this is dropped, or with the process.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) address: String,
    _in_use: File,
}

impl<S: Throwaway> Shared<S> {
    pub(crate) fn new(service: S, folder: Folder, grace: Duration) -> Self {
        Self {
            service,
            folder,
            grace,
        }
    }

    /// Uses the service, starting it if need be.
    pub(crate) async fn join(&self) -> anyhow::Result<User> {
        self.folder.create()?;
        let _starting = lock::take(&self.folder.lock(), Kind::Alone, PATIENCE).await?;
        // While we hold the first lock, the watchdog cannot come to stop the service.
        let in_use = lock::take(&self.folder.users(), Kind::InCommon, PATIENCE).await?;
        let found = self.service.find(&self.folder).await?;
        let started = found.is_none();
        let running = match found {
            Some(running) => running,
            None => self.service.start(&self.folder).await?,
        };
        if started || !watchdog::watches(&self.folder, running.pid)? {
            let orders = Orders {
                pid: running.pid,
                data: &running.data,
                grace: self.grace,
                signals: S::SIGNALS,
            };
            if let Err(error) = watchdog::spawn(&self.folder, &orders).await {
                let stopped = self.service.stop(&self.folder).await;
                stopped.with_context(|| format!("stop {} again", S::NAME))?;
                return Err(error);
            }
        }
        Ok(User {
            address: running.address,
            _in_use: in_use,
        })
    }
}
