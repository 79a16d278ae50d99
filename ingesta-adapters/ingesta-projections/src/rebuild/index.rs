//! The key of the fresh table, and what the planner must know of it.
//!
//! Built concurrently: it then waits for older snapshots, but holds no transaction open that would
//! stall the followers of the cluster. What an interrupted attempt has left is dropped first.

use ingesta_event_store::{Database, StoreError};
use sqlx::postgres::PgConnection;
use sqlx::{Executor as _, Row as _};

use super::build::Build;
use super::names::key_of;
use super::progress::RebuildPhase;
use super::state::Stage;
use super::RebuildError;

const KEYED: &str = "
select exists (select from pg_constraint
                where conrelid = to_regclass($1) and contype = 'p') as keyed";

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
        let key = key_of(&self.names.fresh).quoted();
        run(session, &format!("drop index concurrently if exists {key}")).await?;
        let sql = format!("create unique index concurrently {key} on {table} (view_id)");
        run(session, &sql).await?;
        let sql = format!("alter table {table} add constraint {key} primary key using index {key}");
        run(session, &sql).await
    }
}

async fn run(session: &mut PgConnection, sql: &str) -> Result<(), StoreError> {
    session.execute(sql).await.map(|_| ()).map_err(failed)
}

fn failed(error: sqlx::Error) -> StoreError {
    Database::failure("making the key of a fresh table", error)
}
