//! The key of the fresh table, and what the planner must know of it.
//!
//! Built concurrently: it then waits for older snapshots, but holds no transaction open that would
//! stall the followers of the cluster. What an interrupted attempt has left is dropped first.

use ingesta_event_store::{Database, StoreError};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Executor as _, Row as _};

use super::RebuildError;
use super::build::Build;
use super::progress::RebuildPhase;
use super::state::Stage;

const KEYED: &str = "
select exists (select from pg_constraint
                where conrelid = to_regclass($1) and contype = 'p') as keyed";

/// By its name alone, and as a statement elsewhere finds it.
const INDEX: &str = "
select quote_ident(c.relname) as name, i.indexrelid::regclass::text as path
  from pg_index i join pg_class c on c.oid = i.indexrelid
 where i.indrelid = to_regclass($1) limit 1";

impl Build {
    /// Makes the primary key and analyses the table, if that is not done.
    pub(crate) async fn index(&mut self) -> Result<(), RebuildError> {
        if self.stage != Stage::Indexing {
            return Ok(());
        }
        let progress = &self.ground.progress;
        progress.phase(RebuildPhase::Indexing, Some(&self.names.projection));
        let mut session = self.ground.sessions.open().await?;
        self.key(&mut session).await?;
        // A follower whose statements are planned for a table that was never analysed reads the
        // whole of it for every batch.
        let table = self.names.fresh.quoted();
        run(&mut session, &format!("analyze {table}")).await?;
        session.close().await?;
        self.reached(Stage::CatchingUp).await
    }

    async fn key(&self, session: &mut PgConnection) -> Result<(), StoreError> {
        let table = self.names.fresh.quoted();
        let keyed = sqlx::query(KEYED)
            .bind(&table)
            .fetch_one(&mut *session)
            .await
            .and_then(|row| row.try_get::<bool, _>("keyed"));
        if keyed.map_err(failed)? {
            return Ok(());
        }
        while let Some((_, left)) = index(session, &table).await? {
            run(session, &format!("drop index concurrently {left}")).await?;
        }
        // Postgres gives it a name that nobody has. The swap gives it the one that it should have.
        let sql = format!("create unique index concurrently on {table} (view_id)");
        run(session, &sql).await?;
        let (made, _) = index(session, &table)
            .await?
            .ok_or_else(|| failed(sqlx::Error::RowNotFound))?;
        let sql = format!("alter table {table} add primary key using index {made}");
        run(session, &sql).await
    }
}

/// Name and path of some index of the table.
async fn index(
    session: &mut PgConnection,
    table: &str,
) -> Result<Option<(String, String)>, StoreError> {
    let found = sqlx::query(INDEX)
        .bind(table)
        .fetch_optional(&mut *session)
        .await;
    let read = |row: PgRow| Ok((row.try_get("name")?, row.try_get("path")?));
    found
        .and_then(|row| row.map(read).transpose())
        .map_err(failed)
}

async fn run(session: &mut PgConnection, sql: &str) -> Result<(), StoreError> {
    session.execute(sql).await.map(|_| ()).map_err(failed)
}

fn failed(error: sqlx::Error) -> StoreError {
    Database::failure("making the key of a fresh table", error)
}
