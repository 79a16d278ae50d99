//! One throw-away PostgreSQL for all test binaries of a run.
//!
//! Promises: whoever comes first starts it, all others find it; it lives as long as one of them
//! does and a grace period longer; a crash at any point leaves nothing that the next run cannot
//! find and use or stop.
//! Does not: keep its data: the watchdog deletes it.

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use ingesta_embedded::{Durability, Embedded, EmbeddedOptions, attach, stop_detached};

use super::folder::Folder;
use super::lock::{self, Kind};
use super::watchdog;

/// The first comer may have to download a PostgreSQL.
const PATIENCE: Duration = Duration::from_secs(900);

/// A shared server and how long it outlives its last user.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    folder: Folder,
    grace: Duration,
}

/// The use of a shared server; it ends when this is dropped, or with the process.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) url: String,
    _in_use: File,
}

/// A server that runs: its address, its process, its data.
#[derive(Clone)]
pub(crate) struct Running {
    pub(crate) url: String,
    pub(crate) pid: u32,
    pub(crate) data: PathBuf,
}

impl Shared {
    pub(crate) fn new(folder: Folder, grace: Duration) -> Self {
        Self { folder, grace }
    }

    /// Uses the server, starting it if need be.
    pub(crate) async fn join(&self) -> anyhow::Result<User> {
        self.folder.create()?;
        let _starting = lock::take(&self.folder.lock(), Kind::Alone, PATIENCE).await?;
        // While we hold the first lock, the watchdog cannot come to stop the server.
        let in_use = lock::take(&self.folder.users(), Kind::InCommon, PATIENCE).await?;
        let found = find(&self.folder).await?;
        let started = found.is_none();
        let server = match found {
            Some(server) => server,
            None => start(&self.folder, Durability::Fast).await?,
        };
        if started || !watchdog::watches(&self.folder, server.pid)? {
            let spawned = watchdog::spawn(&self.folder, &server, self.grace).await;
            if let Err(error) = spawned {
                stop_detached(&self.folder.data())
                    .await
                    .context("stop the server again")?;
                return Err(error);
            }
        }
        Ok(User {
            url: server.url,
            _in_use: in_use,
        })
    }
}

/// The server that runs in a folder. The caller holds the folder's lock.
pub(crate) async fn find(folder: &Folder) -> anyhow::Result<Option<Running>> {
    let attached = attach(&folder.data())
        .await
        .context("look for a running server")?;
    Ok(attached.map(|it| Running {
        url: it.url,
        pid: it.pid,
        data: it.data_dir,
    }))
}

/// Starts a server that outlives this process. The caller holds the folder's lock.
pub(crate) async fn start(folder: &Folder, durability: Durability) -> anyhow::Result<Running> {
    let mut options = EmbeddedOptions::new(folder.data());
    options.durability = durability;
    options.max_connections = 300;
    let server = Embedded::start(options).await.with_context(|| {
        format!(
            "start a throw-away PostgreSQL in {}",
            folder.root().display()
        )
    })?;
    let data = server.data_dir().to_owned();
    let detached = server
        .detach()
        .context("leave the throw-away PostgreSQL running")?;
    Ok(Running {
        url: detached.url,
        pid: detached.pid,
        data,
    })
}
