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

/// What is bound to statements that are slow, or sampled, or simply all logged.
const LOGS_PARAMETERS: &str = "
select current_setting('log_parameter_max_length') <> '0'
   and (current_setting('log_min_duration_statement') <> '-1'
        or (current_setting('log_min_duration_sample') <> '-1'
            and current_setting('log_statement_sample_rate')::float8 > 0)
        or current_setting('log_transaction_sample_rate')::float8 > 0
        or current_setting('log_statement') in ('mod', 'all')) as logs";

impl Database {
    /// True if the server writes what this program's statements carry into its own log: payloads,
    /// with the personal data that they hold.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn logs_parameters(&self) -> Result<bool, StoreError> {
        let row = sqlx::query(LOGS_PARAMETERS).fetch_one(self.pool()).await;
        let logs = row.and_then(|row| row.try_get("logs"));
        logs.map_err(|e| classify::store("asking what the server logs", e))
    }

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
