//! Parked streams: listing them, and what an operator may do with them.

use sqlx::Row;
use sqlx::postgres::PgRow;

use super::row::{position, stream, unsigned};
use super::{PostgresStorage, classify};
use crate::subscription::{ParkReason, ParkedStream};
use crate::{StoreError, StreamId};

const PARKED: &str = "
select aggregate_type, aggregate_id, sequence, xact::text as xact_text, position, code, message,
       attempts, parked_at, retry_at, coalesce(retry_at <= clock_timestamp(), false) as due
  from ingesta_parked_streams where subscription = $1
 order by parked_at, aggregate_type, aggregate_id";

const RESUME: &str = "
update ingesta_parked_streams set retry_at = clock_timestamp(), attempts = 0
 where subscription = $1 and aggregate_type = $2 and aggregate_id = $3";

/// The event that is passed over is written down with the reason that it failed for.
const SKIP: &str = "
with moved as (
  update ingesta_parked_streams
     set sequence = sequence + 1, attempts = 0, retry_at = clock_timestamp()
   where subscription = $1 and aggregate_type = $2 and aggregate_id = $3
  returning subscription, aggregate_type, aggregate_id, sequence - 1 as sequence, code)
insert into ingesta_skipped_events (subscription, aggregate_type, aggregate_id, sequence, code)
select * from moved
on conflict do nothing";

impl PostgresStorage {
    pub(super) async fn parked_streams(&self, name: &str) -> Result<Vec<ParkedStream>, StoreError> {
        const ATTEMPTED: &str = "listing parked streams";
        let rows = sqlx::query(PARKED)
            .bind(name)
            .fetch_all(self.database.pool())
            .await
            .map_err(|e| classify::store(ATTEMPTED, e))?;
        let parked: Result<Vec<_>, _> = rows.iter().map(parked).collect();
        parked.map_err(|e| classify::store(ATTEMPTED, e))
    }

    pub(super) async fn resume_stream(
        &self,
        name: &str,
        stream: &StreamId,
    ) -> Result<(), StoreError> {
        self.change_parked(RESUME, "resuming a parked stream", name, stream)
            .await
    }

    pub(super) async fn skip_event(&self, name: &str, stream: &StreamId) -> Result<(), StoreError> {
        self.change_parked(SKIP, "skipping an event", name, stream)
            .await
    }

    async fn change_parked(
        &self,
        sql: &str,
        attempted: &'static str,
        name: &str,
        stream: &StreamId,
    ) -> Result<(), StoreError> {
        let done = sqlx::query(sql)
            .bind(name)
            .bind(stream.aggregate_type.as_ref())
            .bind(&stream.aggregate_id)
            .execute(self.database.pool())
            .await
            .map_err(|e| classify::store(attempted, e))?;
        if done.rows_affected() == 0 {
            let what = format!("parked stream {stream} in subscription {name}");
            return Err(StoreError::NotFound { what });
        }
        self.announce();
        Ok(())
    }
}

fn parked(row: &PgRow) -> Result<ParkedStream, sqlx::Error> {
    let attempts: i32 = row.try_get("attempts")?;
    Ok(ParkedStream {
        stream: stream(row)?,
        sequence: unsigned(row, "sequence")?,
        position: position(row, "xact_text", "position")?,
        reason: ParkReason {
            code: row.try_get("code")?,
            message: row.try_get("message")?,
        },
        attempts: u32::try_from(attempts).unwrap_or_default(),
        parked_at: row.try_get("parked_at")?,
        retry_at: row.try_get("retry_at")?,
        due: row.try_get("due")?,
    })
}
