//! Snapshots beside the log: one row for each stream, of no use once its event has moved.

use sqlx::Row;
use sqlx::postgres::PgRow;

use super::row::{self, COLUMNS, bigint};
use super::{PostgresStorage, classify};
use crate::{FromSnapshot, SchemaHash, Snapshot, StoreError, StreamId};

/// The snapshot comes as the first row, where there is one that counts.
const KEPT: &str = "
with s as materialized (
  select s.version, s.xact, s.position, s.payload
    from ingesta_snapshots s
    join events e on e.aggregate_type = s.aggregate_type and e.aggregate_id = s.aggregate_id
     and e.sequence = s.version and (e.xact, e.position) = (s.xact, s.position)
   where s.aggregate_type = $1 and s.aggregate_id = $2 and s.schema_hash = $3
)
select s.xact::text as xact_text, s.position, $1 as aggregate_type, $2 as aggregate_id,
       s.version as sequence, '' as event_type, '' as event_version,
       null::timestamptz as recorded_at, s.payload::text as payload, '' as metadata,
       true as is_snapshot
  from s
 union all ";

/// The place is looked up here: a command over several streams knows only its last event's. What
/// stands in the way is a later state of the same schema, if its own event is still there.
const KEEP: &str = "
insert into ingesta_snapshots as old
       (aggregate_type, aggregate_id, schema_hash, version, xact, position, payload)
select e.aggregate_type, e.aggregate_id, $3, e.sequence, e.xact, e.position, $5::json
  from events e
 where e.aggregate_type = $1 and e.aggregate_id = $2 and e.sequence = $4
on conflict (aggregate_type, aggregate_id) do update
   set schema_hash = excluded.schema_hash, version = excluded.version, xact = excluded.xact,
       position = excluded.position, payload = excluded.payload, taken_at = clock_timestamp()
 where old.schema_hash <> excluded.schema_hash
    or old.version < excluded.version
    or not exists (select 1 from events e
                    where e.aggregate_type = old.aggregate_type
                      and e.aggregate_id = old.aggregate_id and e.sequence = old.version
                      and (e.xact, e.position) = (old.xact, old.position))";

/// In bites: a transaction that writes for long holds back all who read the log.
const FORGET: &str = "
delete from ingesta_snapshots
 where aggregate_type = $1
   and aggregate_id in (select aggregate_id from ingesta_snapshots
                         where aggregate_type = $1 limit 1000)";

impl PostgresStorage {
    pub(super) async fn stream_from_snapshot(
        &self,
        stream: &StreamId,
        schema: &SchemaHash,
    ) -> Result<FromSnapshot, StoreError> {
        const ATTEMPTED: &str = "loading a stream from its snapshot";
        if stream.aggregate_id.contains('\0') || stream.aggregate_type.contains('\0') {
            // No text of this database has one, so there is no such stream.
            return Ok(FromSnapshot::default());
        }
        let sql = format!(
            "{KEPT} select {COLUMNS}, e.payload::text, e.metadata::text, false
               from events e
              where e.aggregate_type = $1 and e.aggregate_id = $2
                and e.sequence > coalesce((select version from s), 0)
              order by sequence"
        );
        let rows = sqlx::query(&sql)
            .bind(stream.aggregate_type.as_ref())
            .bind(&stream.aggregate_id)
            .bind(&schema.as_bytes()[..])
            .fetch_all(self.database.pool())
            .await
            .map_err(|e| classify::store(ATTEMPTED, e))?;
        read(&rows).map_err(|e| classify::store(ATTEMPTED, e))
    }

    pub(super) async fn write_snapshot(
        &self,
        stream: &StreamId,
        schema: &SchemaHash,
        version: u64,
        payload: String,
    ) -> Result<bool, StoreError> {
        let kept = sqlx::query(KEEP)
            .bind(stream.aggregate_type.as_ref())
            .bind(&stream.aggregate_id)
            .bind(&schema.as_bytes()[..])
            .bind(bigint(version))
            .bind(payload)
            .execute(self.database.pool())
            .await
            .map_err(|e| classify::store("keeping a snapshot", e))?;
        Ok(kept.rows_affected() > 0)
    }

    pub(super) async fn delete_snapshots(&self, aggregate_type: &str) -> Result<u64, StoreError> {
        if aggregate_type.contains('\0') {
            // No text of this database has one, so there is no such type.
            return Ok(0);
        }
        let mut forgotten = 0;
        loop {
            let bite = sqlx::query(FORGET)
                .bind(aggregate_type)
                .execute(self.database.pool())
                .await
                .map_err(|e| classify::store("deleting snapshots", e))?;
            if bite.rows_affected() == 0 {
                return Ok(forgotten);
            }
            forgotten += bite.rows_affected();
        }
    }
}

fn read(rows: &[PgRow]) -> Result<FromSnapshot, sqlx::Error> {
    let mut from = FromSnapshot::default();
    for entry in rows {
        if entry.try_get("is_snapshot")? {
            from.snapshot = Some(Snapshot {
                version: row::unsigned(entry, "sequence")?,
                position: row::position(entry, "xact_text", "position")?,
                payload: entry.try_get("payload")?,
            });
        } else {
            from.events.push(row::event(entry)?);
        }
    }
    Ok(from)
}
