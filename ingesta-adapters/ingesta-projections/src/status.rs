//! What an operator sees of the projections: how far each is, how much it holds, what is parked.

use chrono::{DateTime, Utc};
use ingesta_event_store::subscription::SubscriptionStatus;
use ingesta_event_store::{Database, Lag, Position, Storage, StoreError};
use sqlx::Row as _;

use crate::TableName;
use crate::rebuild::rebuild_of;

/// A projection that a program knows, see [`crate::ProjectionSubscriber::entry`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectionEntry {
    /// The subscription's name.
    pub name: String,
    /// The table of its rows.
    pub table: TableName,
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectionStatus {
    /// The subscription's name.
    pub name: String,
    /// The table of its rows.
    pub table: TableName,
    /// How far it has come; `None`: it never ran on this database.
    pub checkpoint: Option<Position>,
    /// How far it is behind.
    pub lag: Lag,
    /// About how many rows it holds, by the database's statistics, which come late; `None`:
    /// there is no table.
    pub rows_estimate: Option<u64>,
    /// Streams that wait behind an event that failed.
    pub parked: u64,
    /// True while somebody advances it.
    pub running: bool,
    /// True while somebody rebuilds it, beside the one that is read.
    pub rebuilding: bool,
    /// When the checkpoint last moved.
    pub moved_at: Option<DateTime<Utc>>,
    /// True if its checkpoint belongs to another database cluster and must be rebased.
    pub cluster_changed: bool,
}

const ESTIMATES: &str = "
select greatest(c.reltuples::bigint, pg_stat_get_live_tuples(c.oid), 0) as rows,
       c.oid is not null as made
  from unnest($1::text[]) with ordinality as t(name, n)
  left join pg_class c on c.oid = to_regclass(t.name)
 order by t.n";

/// The state of these projections, in the order given.
///
/// # Errors
/// When the store or the database does not answer.
pub async fn projection_statuses(
    storage: &dyn Storage,
    database: &Database,
    entries: &[ProjectionEntry],
) -> Result<Vec<ProjectionStatus>, StoreError> {
    let subscriptions = storage.subscriptions().await?;
    let estimates = rows_estimates(database, entries).await?;
    let mut statuses = Vec::with_capacity(entries.len());
    for (entry, rows_estimate) in entries.iter().zip(estimates) {
        let known = subscriptions
            .iter()
            .find(|status| status.name == entry.name);
        let rebuild = rebuild_of(&entry.name);
        let rebuilding = |status: &SubscriptionStatus| status.running && status.name == rebuild;
        let checkpoint = known.map(|status| status.checkpoint);
        statuses.push(ProjectionStatus {
            name: entry.name.clone(),
            table: entry.table.clone(),
            checkpoint,
            lag: storage.lag(checkpoint.unwrap_or(Position::START)).await?,
            rows_estimate,
            parked: known.map_or(0, |status| status.parked),
            running: known.is_some_and(|status| status.running),
            rebuilding: subscriptions.iter().any(rebuilding),
            moved_at: known.and_then(|status| status.moved_at),
            cluster_changed: known.is_some_and(|status| status.cluster_changed),
        });
    }
    Ok(statuses)
}

async fn rows_estimates(
    database: &Database,
    entries: &[ProjectionEntry],
) -> Result<Vec<Option<u64>>, StoreError> {
    let failed = |e| Database::failure("estimating the rows of projections", e);
    let tables: Vec<String> = entries.iter().map(|entry| entry.table.quoted()).collect();
    let rows = sqlx::query(ESTIMATES)
        .bind(tables)
        .fetch_all(database.pool())
        .await;
    let estimate = |row: &sqlx::postgres::PgRow| -> Result<Option<u64>, sqlx::Error> {
        let rows: i64 = row.try_get("rows")?;
        let made: bool = row.try_get("made")?;
        Ok(made.then(|| u64::try_from(rows).unwrap_or_default()))
    };
    rows.map_err(failed)?
        .iter()
        .map(|row| estimate(row).map_err(failed))
        .collect()
}
