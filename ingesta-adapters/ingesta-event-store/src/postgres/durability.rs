//! How the server is set up where the promises of this store rest on it. It judges nothing.

use sqlx::Row;

use super::{Database, classify};
use crate::StoreError;

/// The settings that decide what a crash takes with it, as this program's sessions have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durability {
    /// `fsync`: off, a crash of the machine can destroy the database.
    pub fsync: bool,
    /// `full_page_writes`: off, a crash of the machine can leave torn pages.
    pub full_page_writes: bool,
    /// `synchronous_commit`: `off`, a crash takes commands that were answered.
    pub synchronous_commit: String,
    /// True on a standby, which shows the log late and takes no events.
    pub standby: bool,
}

impl Database {
    /// Asks the server how it is set up.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn durability(&self) -> Result<Durability, StoreError> {
        let failed = |e| classify::store("asking how the server is set up", e);
        let row = sqlx::query(
            "select current_setting('fsync')::boolean as fsync,
                    current_setting('full_page_writes')::boolean as full_page_writes,
                    current_setting('synchronous_commit') as synchronous_commit,
                    pg_is_in_recovery() as standby",
        )
        .fetch_one(self.pool())
        .await
        .map_err(failed)?;
        let read = || -> Result<Durability, sqlx::Error> {
            Ok(Durability {
                fsync: row.try_get("fsync")?,
                full_page_writes: row.try_get("full_page_writes")?,
                synchronous_commit: row.try_get("synchronous_commit")?,
                standby: row.try_get("standby")?,
            })
        };
        read().map_err(failed)
    }
}
