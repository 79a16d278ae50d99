//! Making, emptying and dropping the fresh table, under the lease of the build.
//!
//! A table is dropped only if its comment says that a rebuild of the same projection has made it.

use ingesta_event_store::{Database, StoreError};
use sqlx::Row as _;
use tokio_util::sync::CancellationToken;

use super::RebuildError;
use super::build::Build;
use super::fence;
use super::guard::taken_over;
use super::names::literal;
use super::swap::Pauses;
use super::target::Target;
use crate::TableName;
use crate::database::columns;

/// A busy machine can make one try fail where nobody uses the table.
const TRIES_MIN: u32 = 3;

/// Whose table it is; `None`: there is none.
pub(crate) async fn mark(
    database: &Database,
    table: &TableName,
) -> Result<Option<String>, StoreError> {
    let failed = |e| Database::failure("looking at a table", e);
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

/// Refuses a projection that has run and whose table is gone.
pub(crate) async fn check_there(
    database: &Database,
    target: &dyn Target,
) -> Result<(), RebuildError> {
    if mark(database, target.table()).await?.is_some() {
        return Ok(());
    }
    Err(RebuildError::NoTable {
        projection: target.name().to_owned(),
        table: target.table().to_string(),
    })
}

impl Build {
    /// Drops a table that an earlier build has left. True if there was one.
    pub(crate) async fn drop_marked(
        &self,
        table: &TableName,
        expected: &str,
    ) -> Result<bool, RebuildError> {
        const ATTEMPTED: &str = "dropping a table that was left behind";
        match mark(&self.ground.database, table).await? {
            None => Ok(false),
            Some(found) if found == expected => {
                let mut sql = format!("drop table if exists {};", table.quoted());
                if *table == self.names.fresh {
                    sql += &self.forget_sql();
                }
                self.fenced(ATTEMPTED, table, &sql).await?;
                Ok(true)
            }
            Some(_) => Err(RebuildError::Store(StoreError::Refused {
                attempted: ATTEMPTED,
                cause: format!("table {table} is in the way, and no rebuild has made it").into(),
            })),
        }
    }

    /// Makes it, without its key: rows are written faster into a table that has none.
    pub(crate) async fn create(&self) -> Result<(), RebuildError> {
        let (table, columns) = (self.names.fresh.quoted(), columns(""));
        let mark = literal(&self.names.fresh_mark());
        let forget = self.forget_sql();
        // In one transaction: there is no table without its mark. Nothing vacuums it before the
        // swap, for that would be in the way of every lock. A verification's is logged too: an
        // unlogged one is empty after a crash of the server, and would tell of a difference.
        let sql = format!(
            "create table {table} ({columns}) with (autovacuum_enabled = false);
             comment on table {table} is {mark};
             {forget}"
        );
        let fresh = &self.names.fresh;
        self.fenced("making a fresh table", fresh, &sql).await
    }

    /// Whoever drops or makes the fresh table forgets how far an earlier one was, at once: nobody
    /// may go on with a table that is not the one which was told of.
    fn forget_sql(&self) -> String {
        let key = literal(&self.state_key());
        format!("delete from ingesta_rebuilds where projection = {key};")
    }

    /// Empties it and begins its fold again; what is parked stays so.
    pub(crate) async fn empty(&mut self) -> Result<(), RebuildError> {
        let (table, key) = (self.names.fresh.quoted(), literal(&self.state_key()));
        let sql = format!(
            "truncate {table};
             update ingesta_rebuilds set done_below = '', rows = 0 where projection = {key};"
        );
        let fresh = &self.names.fresh;
        self.fenced("emptying a fresh table", fresh, &sql).await?;
        self.done_below = Some(String::new());
        self.rows = 0;
        Ok(())
    }

    /// A fenced block that has `table` for itself; tried again while somebody uses it, if it is not
    /// told to stop.
    pub(crate) async fn fenced(
        &self,
        attempted: &'static str,
        table: &TableName,
        sql: &str,
    ) -> Result<(), RebuildError> {
        let stop = &self.ground.stop;
        self.fenced_until(stop, attempted, table, sql).await
    }

    /// The same, until this token is cancelled.
    pub(crate) async fn fenced_until(
        &self,
        stop: &CancellationToken,
        attempted: &'static str,
        table: &TableName,
        sql: &str,
    ) -> Result<(), RebuildError> {
        let (database, lease) = (&self.ground.database, self.kept.lease());
        let tries = self.ground.options.swap_tries.max(TRIES_MIN);
        let mut pauses = Pauses::default();
        for number in 1..=tries {
            let done = fence::execute(database, attempted, lease, &[table], sql).await;
            if done.map_err(|e| taken_over(&self.names, e))? {
                return Ok(());
            }
            if number < tries {
                self.note(&format!(
                    "table {table} is in use: {attempted} is tried again"
                ));
                let waited = stop.run_until_cancelled(pauses.next()).await;
                waited.ok_or(RebuildError::Cancelled)?;
            }
        }
        Err(RebuildError::TableBusy {
            table: table.to_string(),
            tries,
        })
    }

    /// Refuses a view's table that somebody else has filled: the swap would drop it.
    pub(crate) async fn check_owner(&self) -> Result<(), RebuildError> {
        let table = &self.names.table;
        let Some(found) = mark(&self.ground.database, table).await? else {
            return Ok(());
        };
        if found == self.names.mark() {
            return Ok(());
        }
        let failed = |e| Database::failure("looking at the table of a view", e);
        let sql = format!("select exists (select from {}) as filled", table.quoted());
        let row = sqlx::query(&sql).fetch_one(self.ground.database.pool());
        let filled: bool = row
            .await
            .and_then(|row| row.try_get("filled"))
            .map_err(failed)?;
        if filled || !found.is_empty() {
            return Err(self.not_ours());
        }
        Ok(())
    }

    pub(crate) fn not_ours(&self) -> RebuildError {
        let (table, mark) = (&self.names.table, self.names.mark());
        RebuildError::Store(StoreError::Refused {
            attempted: "replacing the table of a projection",
            cause: format!("table {table} is in use by something else than {mark}").into(),
        })
    }
}
