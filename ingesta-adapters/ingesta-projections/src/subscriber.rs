//! A projection that follows the log into its table.
//!
//! Per batch: one query for the current rows, the fold, one upsert (and one delete, where rows
//! went). It writes nothing by itself: the statements go to the runner, which stores them with
//! the checkpoint under the lease's epoch. So an event is in its rows exactly once, whoever dies
//! in between.

use async_trait::async_trait;
use ingesta_event_store::subscription::{Arg, ConsumeError, Effect, SqlEffect, Subscriber};
use ingesta_event_store::{Database, RecordedEvent, StoreError, TypeFilter};

use crate::fold::{Changes, Touched};
use crate::{Projection, ProjectionEntry, TableName, ViewTable, database};

/// Runs a projection into its table on `database`.
pub struct ProjectionSubscriber<P> {
    database: Database,
    projection: P,
}

impl<P: Projection> ProjectionSubscriber<P> {
    /// Over the database that holds the log: rows and checkpoint are stored in one statement.
    pub fn new(database: &Database, projection: P) -> Self {
        Self {
            database: database.clone(),
            projection,
        }
    }

    /// Makes the table if it is absent. The runner does so too; call it at the program's start,
    /// so that readers find the table before the first event.
    ///
    /// # Errors
    /// When the database does not answer; when the table belongs to another projection, holds
    /// rows that no projection has marked as its own, or has another layout.
    pub async fn prepare(&self) -> Result<(), StoreError> {
        database::prepare(
            &self.database,
            self.projection.table(),
            self.projection.name(),
        )
        .await
    }

    /// The read side.
    pub fn view(&self) -> ViewTable<P::State> {
        ViewTable::new(&self.database, self.projection.table().clone())
    }

    /// What it runs.
    pub fn projection(&self) -> &P {
        &self.projection
    }

    pub(crate) fn into_projection(self) -> P {
        self.projection
    }

    /// Its line in a list of projections, see [`crate::projection_statuses`].
    pub fn entry(&self) -> ProjectionEntry {
        ProjectionEntry {
            name: self.projection.name().to_owned(),
            table: self.projection.table().clone(),
        }
    }
}

#[async_trait]
impl<P: Projection> Subscriber for ProjectionSubscriber<P> {
    fn name(&self) -> &str {
        self.projection.name()
    }

    fn types(&self) -> TypeFilter {
        self.projection.types()
    }

    async fn start(&self) -> Result<(), StoreError> {
        self.prepare().await
    }

    async fn consume(&self, batch: &[RecordedEvent]) -> Result<Vec<Effect>, ConsumeError> {
        let touched = Touched::of(&self.projection, batch)?;
        let keys = touched.keys();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let table = self.projection.table();
        let stored = database::rows(&self.database, table, &keys).await;
        let stored = stored.map_err(|e| {
            ConsumeError::transient(Database::failure("reading the rows of a batch", e))
        })?;
        let changes = touched.fold(&self.projection, &stored)?;
        tracing::trace!(
            projection = self.projection.name(),
            events = batch.len(),
            rows = changes.len(),
            "folded a batch"
        );
        Ok(effects(table, changes))
    }
}

/// At most one upsert and one delete, of different rows.
pub(crate) fn effects(table: &TableName, changes: Changes) -> Vec<Effect> {
    let quoted = table.quoted();
    let (mut ids, mut versions, mut payloads) = (Vec::new(), Vec::new(), Vec::new());
    let mut gone = Vec::new();
    for (key, change) in changes {
        match change {
            Some(row) => {
                ids.push(key);
                versions.push(i64::try_from(row.version).unwrap_or(i64::MAX));
                payloads.push(row.payload);
            }
            None => gone.push(key),
        }
    }
    let mut effects = Vec::new();
    if !ids.is_empty() {
        let sql = format!(
            "insert into {quoted} (view_id, version, payload, updated_at)
             select u.view_id, u.version, u.payload::json, clock_timestamp()
               from own, unnest({{0}}::text[], {{1}}::bigint[], {{2}}::text[])
                    as u(view_id, version, payload)
             on conflict (view_id) do update
                set version = excluded.version, payload = excluded.payload,
                    updated_at = excluded.updated_at"
        );
        let args = vec![
            Arg::Texts(ids),
            Arg::Bigints(versions),
            Arg::Texts(payloads),
        ];
        effects.push(Effect::Sql(SqlEffect { sql, args }));
    }
    if !gone.is_empty() {
        let sql = format!(
            "delete from {quoted} as v using own, unnest({{0}}::text[]) as u(view_id)
              where v.view_id = u.view_id"
        );
        effects.push(Effect::Sql(SqlEffect {
            sql,
            args: vec![Arg::Texts(gone)],
        }));
    }
    effects
}
