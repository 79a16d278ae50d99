//! Which kinds of events the log holds: what a program must be able to read.
//!
//! One pass over the table, without the limit of time that other statements have. It writes
//! nothing, so that no reader of the log waits for it.

use sqlx::postgres::PgRow;
use sqlx::{Connection, Row};

use super::row::{self, COLUMNS, unsigned};
use super::{PostgresStorage, classify};
use crate::{RecordedEvent, StoreError, StreamId};

/// All events of one type and version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredVersion {
    /// The stored aggregate type.
    pub aggregate_type: String,
    /// The stored event type.
    pub event_type: String,
    /// The stored version of the type.
    pub event_version: String,
    /// How many there are.
    pub events: u64,
    /// The one that lies first in the table.
    pub first: RecordedEvent,
    /// The one that lies last in the table; the first again, where there is one only.
    pub last: RecordedEvent,
}

const KINDS: &str = "
  from (select aggregate_type, event_type, event_version, count(*) as events,
               min(ctid) as first, max(ctid) as last
          from events
         where aggregate_type <> $1
         group by aggregate_type, event_type, event_version) kind
 cross join lateral unnest(array[kind.first, kind.last]) with ordinality as place (at, nth)
  join events e on e.ctid = place.at
 order by kind.aggregate_type, kind.event_type, kind.event_version, place.nth";

impl PostgresStorage {
    /// Every (aggregate type, event type, version) of the log, in that order, with its number of
    /// events and two of them to try; the store's own bookkeeping is left out. It reads the whole
    /// table.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn stored_versions(&self) -> Result<Vec<StoredVersion>, StoreError> {
        let failed = |e| classify::store("listing the kinds of stored events", e);
        let sql = format!(
            "select {COLUMNS}, kind.events,
                    e.payload::text as payload, e.metadata::text as metadata {KINDS}"
        );
        let mut connection = self.database.connection().await?;
        let rows = sqlx::query(&sql)
            .bind(StreamId::COMMANDS)
            .fetch_all(&mut connection)
            .await
            .map_err(failed)?;
        connection.close().await.map_err(failed)?;
        let kinds: Result<Vec<_>, _> = rows
            .chunks_exact(2)
            .map(|both| kind(&both[0], &both[1]))
            .collect();
        kinds.map_err(failed)
    }
}

fn kind(first: &PgRow, last: &PgRow) -> Result<StoredVersion, sqlx::Error> {
    Ok(StoredVersion {
        aggregate_type: first.try_get("aggregate_type")?,
        event_type: first.try_get("event_type")?,
        event_version: first.try_get("event_version")?,
        events: unsigned(first, "events")?,
        first: row::event(first)?,
        last: row::event(last)?,
    })
}
