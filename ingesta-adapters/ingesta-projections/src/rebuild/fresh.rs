//! Making, emptying and dropping the fresh table, under the lease of the build.
//!
//! A table is dropped only if its comment says that a rebuild of the same projection has made it.

use ingesta_event_store::{Database, StoreError};
use sqlx::Row as _;

use super::RebuildError;
use super::build::Build;
use super::fence;
use super::guard::taken_over;
use super::names::{Purpose, literal};
use crate::TableName;
use crate::database::columns;

/// Whose table it is; `None`: there is none.
pub(crate) async fn mark(
    database: &Database,
    table: &TableName,
) -> Result<Option<String>, StoreError> {
    let failed = |e| Database::failure("looking at the table of a rebuild", e);
    let row = sqlx::query(
        "select to_regclass($1) is not null as made,
                coalesce(obj_description(to_regclass($1), 'pg_class'), '') as mark",
    )
    .bind(table.quoted())
    .fetch_one(database.pool())
    .await
    .map_err(failed)?;
    let made: bool = row.try_get("made").map_err(failed)?;
    let mark: String = row.try_get("mark").map_err(failed)?;
    Ok(made.then_some(mark))
}

impl Build {
    /// Drops a table that an earlier build has left. True if there was one.
    pub(crate) async fn drop_marked(
        &self,
        table: &TableName,
        expected: &str,
    ) -> Result<bool, RebuildError> {
        const ATTEMPTED: &str = "dropping the table of an earlier rebuild";
        match mark(&self.ground.database, table).await? {
            None => Ok(false),
            Some(found) if found == expected => {
                let sql = format!("drop table if exists {};", table.quoted());
                self.fenced(ATTEMPTED, &sql).await?;
                Ok(true)
            }
            Some(_) => Err(RebuildError::Store(StoreError::Refused {
                attempted: ATTEMPTED,
                cause: format!("table {table} is in the way and was not made by a rebuild").into(),
            })),
        }
    }

    /// Makes it, without its key: rows are written faster into a table that has none.
    pub(crate) async fn create(&self) -> Result<(), RebuildError> {
        // What is only to be looked at and dropped need not survive a crash of the server.
        let kind = match self.purpose {
            Purpose::Rebuild => "",
            Purpose::Verify => "unlogged",
        };
        let (table, columns) = (self.names.fresh.quoted(), columns(""));
        let mark = literal(&self.names.fresh_mark());
        // In one transaction: there is no table without its mark.
        let sql =
            format!("create {kind} table {table} ({columns}); comment on table {table} is {mark};");
        self.fenced("making the table of a rebuild", &sql).await
    }

    /// Empties it and begins its fold again; what is parked stays so.
    pub(crate) async fn empty(&mut self) -> Result<(), RebuildError> {
        let (table, key) = (self.names.fresh.quoted(), literal(&self.state_key()));
        let sql = format!(
            "truncate {table};
             update ingesta_rebuilds set done_below = '', rows = 0 where projection = {key};"
        );
        self.fenced("emptying the table of a rebuild", &sql).await?;
        self.done_below = Some(String::new());
        self.rows = 0;
        Ok(())
    }

    async fn fenced(&self, attempted: &'static str, sql: &str) -> Result<(), RebuildError> {
        let done = fence::execute(&self.ground.database, attempted, self.kept.lease(), sql).await;
        done.map_err(|e| taken_over(&self.names, e))
    }
}
