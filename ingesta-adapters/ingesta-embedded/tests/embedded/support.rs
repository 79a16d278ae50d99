//! Folders, options and questions that the tests share.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ingesta_embedded::{BinarySearch, Durability, Embedded, EmbeddedOptions};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// A folder that the user that root runs PostgreSQL as may pass through.
#[track_caller]
pub(crate) fn open_folder() -> TempDir {
    let dir = tempfile::tempdir().expect("make a folder");
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).expect("open it");
    dir
}

/// Throw-away data: no need for fsync.
pub(crate) fn fast(dir: &Path) -> EmbeddedOptions {
    let mut options = EmbeddedOptions::new(dir.join("data"));
    options.durability = Durability::Fast;
    options
}

/// A search that finds nothing by itself.
pub(crate) fn nowhere() -> BinarySearch {
    let mut search = BinarySearch::from_env();
    search.bin_dir = None;
    search.path = None;
    search.system_roots.clear();
    search.npm_cache = None;
    search
}

pub(crate) async fn ask(url: &str, question: &str) -> anyhow::Result<String> {
    let mut connection = PgConnection::connect(url).await?;
    let answer = sqlx::query_scalar(question)
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(answer)
}

pub(crate) async fn tell(url: &str, statement: &str) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::query(statement).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

#[track_caller]
pub(crate) fn kill(pid: u32) {
    let pid = i32::try_from(pid)
        .ok()
        .and_then(Pid::from_raw)
        .expect("a pid");
    kill_process(pid, Signal::KILL).expect("kill");
}

#[track_caller]
pub(crate) fn pid_of(database: &Embedded) -> u32 {
    database.pid().expect("a running server")
}
