//! One stream, from its first event or from where it was left.

use super::row::{self, COLUMNS, bigint};
use super::{PostgresStorage, classify};
use crate::{RecordedEvent, StoreError, StreamId};

impl PostgresStorage {
    pub(super) async fn load_stream(
        &self,
        stream: &StreamId,
        after: u64,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        const ATTEMPTED: &str = "loading a stream";
        if stream.aggregate_id.contains('\0') || stream.aggregate_type.contains('\0') {
            // No text of this database has one, so there is no such stream.
            return Ok(Vec::new());
        }
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
            .fetch_all(self.database.pool())
            .await
            .map_err(|e| classify::store(ATTEMPTED, e))?;
        let events: Result<Vec<_>, _> = rows.iter().map(row::event).collect();
        events.map_err(|e| classify::store(ATTEMPTED, e))
    }
}
