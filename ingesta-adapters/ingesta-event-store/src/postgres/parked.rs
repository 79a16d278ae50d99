//! Parked streams: listing them, and what an operator may do with them.

use sqlx::Row;
use sqlx::postgres::PgRow;

use super::row::{bigint, position, stream, unsigned};
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
with failed as (
  select sequence, code from ingesta_parked_streams
   where subscription = $1 and aggregate_type = $2 and aggregate_id = $3
     and sequence = $4 and code <> $5
     for update
), moved as (
  update ingesta_parked_streams p
     set sequence = p.sequence + 1, attempts = 0, retry_at = clock_timestamp(),
         code = $5, message = $6
    from failed
   where p.subscription = $1 and p.aggregate_type = $2 and p.aggregate_id = $3
     and p.sequence = failed.sequence
  returning p.subscription, p.aggregate_type, p.aggregate_id, failed.sequence, failed.code)
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
        let done = sqlx::query(RESUME)
            .bind(name)
            .bind(stream.aggregate_type.as_ref())
            .bind(&stream.aggregate_id)
            .execute(self.database.pool())
            .await
            .map_err(|e| classify::store("resuming a parked stream", e))?;
        let what = || format!("parked stream {stream} in subscription {name}");
        self.changed(done.rows_affected(), what)
    }

    pub(super) async fn skip_event(
        &self,
        name: &str,
        stream: &StreamId,
        sequence: u64,
    ) -> Result<(), StoreError> {
        let pending = ParkReason::pending();
        let done = sqlx::query(SKIP)
            .bind(name)
            .bind(stream.aggregate_type.as_ref())
            .bind(&stream.aggregate_id)
            .bind(bigint(sequence))
            .bind(&pending.code)
            .bind(&pending.message)
            .execute(self.database.pool())
            .await
            .map_err(|e| classify::store("skipping an event", e))?;
        let what = || format!("event {stream}/{sequence} that failed in subscription {name}");
        self.changed(done.rows_affected(), what)
    }

    fn changed(&self, rows: u64, what: impl FnOnce() -> String) -> Result<(), StoreError> {
        if rows == 0 {
            return Err(StoreError::NotFound { what: what() });
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
