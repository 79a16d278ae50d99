//! One stream, from its first event or from where it was left, on a connection of the pool.

use super::row::{self, COLUMNS, bigint};
use super::{Database, classify};
use crate::{RecordedEvent, StoreError, StreamId};

pub(super) async fn load_stream(
    database: &Database,
    stream: &StreamId,
    after: u64,
) -> Result<Vec<RecordedEvent>, StoreError> {
    const ATTEMPTED: &str = "loading a stream";
    let sql = format!(
        "select {COLUMNS}, e.payload::text as payload, e.metadata::text as metadata
               from events e
              where e.aggregate_type = $1 and e.aggregate_id = $2 and e.sequence > $3
              order by e.sequence"
    );
    let rows = sqlx::query(&sql)
        .bind(stream.aggregate_type.as_ref())
        .bind(&stream.aggregate_id)
        .bind(bigint(after))
        .fetch_all(database.pool())
        .await
        .map_err(|e| classify::store(ATTEMPTED, e))?;
    let events: Result<Vec<_>, _> = rows.iter().map(row::event).collect();
    events.map_err(|e| classify::store(ATTEMPTED, e))
}
