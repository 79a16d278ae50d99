//! The PostgreSQL that a server starts for itself, to be killed under it.

use std::path::{Path, PathBuf};
use std::process::Command;

use ingesta_testing::eventually;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use super::support::{ingesta, open_folder};

/// A folder for a server and its own database.
pub(crate) struct OwnPostgres {
    folder: TempDir,
    data: PathBuf,
}

impl OwnPostgres {
    pub(crate) fn new() -> Self {
        let folder = open_folder();
        let data = folder.path().join("data");
        Self { folder, data }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A server that starts it.
    pub(crate) fn serve(&self) -> Command {
        let arguments = ["serve", "--json", "--listen", "127.0.0.1:0"];
        let mut command = ingesta(self.folder(), &arguments);
        command.env("INGESTA_DATA_DIR", &self.data);
        command
    }

    /// `None` while it is down.
    pub(crate) async fn connect(&self) -> Option<PgConnection> {
        let attached = ingesta_embedded::attach(&self.data).await.ok()??;
        PgConnection::connect(&attached.url).await.ok()
    }

    /// The first column of the first row, as a number; `None` while it is down.
    pub(crate) async fn ask(&self, statement: &str) -> Option<i64> {
        sqlx::query_scalar(statement)
            .fetch_one(&mut self.connect().await?)
            .await
            .ok()
    }

    /// Kills it, once it runs.
    pub(crate) async fn kill(&self) {
        let pid = eventually("a database to kill", async || {
            let attached = ingesta_embedded::attach(&self.data).await.ok()??;
            i32::try_from(attached.pid).ok().and_then(Pid::from_raw)
        })
        .await;
        kill_process(pid, Signal::KILL).expect("kill");
    }
}
