//! Reading the log in an order in which nothing can later appear before what was read.
//!
//! A reader sees only transactions older than every one that is still open
//! (`xact < pg_snapshot_xmin`), in the order of the pair (xact, position). One statement, one
//! snapshot. An open writer therefore delays readers and never makes them miss anything.
//!
//! The promise that it rests on is checked: each event's predecessor stands before it in the log.
//! What this store has read in order is known; of all else the log is asked. (Adopted events, which
//! have no time, were put in order when they were numbered; what was deleted among them before is
//! not missed.) Entries of types that are not wanted, and the
//! store's own bookkeeping, come without their payload, so that a reader
//! moves on over them and a page costs the same however rare the wanted ones are.

use std::borrow::Cow;

use sqlx::postgres::PgRow;
use sqlx::{Row, ValueRef};

use super::appender::xid8;
use super::lineage::Entry;
use super::row::{self, bigint};
use super::{PostgresStorage, classify};
use crate::{Page, Position, RecordedEvent, StoreError, StreamId, TypeFilter};

/// Columns are asked for by number: a look-up of each name for each row costs as much as a value.
const PAGE: &str = "
select e.xact, e.position, e.aggregate_type, e.aggregate_id, e.sequence, w.wanted,
       e.recorded_at, e.event_type, e.event_version,
       case when w.wanted then e.payload::text end as payload,
       case when w.wanted then e.metadata::text end as metadata
  from events e
 cross join lateral
       (select case when $4::text[] is null then e.aggregate_type <> $5
                    else e.aggregate_type = any($4) end as wanted) w
 where (e.xact, e.position) > ($1::text::xid8, $2::bigint)
   and e.xact < pg_snapshot_xmin(pg_current_snapshot())
 order by e.xact, e.position
 limit $3";
const WANTED: usize = 5;

/// A newer snapshot than the page's says the same: whatever stands before an entry that can be read
/// could be read with it.
const IN_ORDER: &str = "
select exists (
         select 1 from events p
          where p.aggregate_type = u.at and p.aggregate_id = u.ai and p.sequence = u.seq - 1
            and (p.xact, p.position) < (u.xact::xid8, u.pos)) as in_order
  from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[])
       with ordinality as u(at, ai, seq, xact, pos, n)
 order by u.n";

fn entry(row: &PgRow) -> Result<Entry<'_>, sqlx::Error> {
    let sequence: i64 = row.try_get(4)?;
    Ok(Entry {
        aggregate_type: row.try_get(2)?,
        aggregate_id: row.try_get(3)?,
        sequence: u64::try_from(sequence).map_err(|e| sqlx::Error::Decode(Box::new(e)))?,
        position: Position::new(xid8(row.try_get_raw(0)?)?, row.try_get(1)?),
        adopted: row.try_get_raw(6)?.is_null(),
    })
}

fn stream(entry: &Entry<'_>) -> StreamId {
    StreamId::new(
        entry.aggregate_type.to_owned(),
        entry.aggregate_id.to_owned(),
    )
}

fn event(entry: &Entry<'_>, row: &PgRow) -> Result<RecordedEvent, sqlx::Error> {
    Ok(RecordedEvent {
        position: entry.position,
        stream: stream(entry),
        sequence: entry.sequence,
        recorded_at: row.try_get(6)?,
        event_type: row.try_get(7)?,
        event_version: row.try_get(8)?,
        payload: row.try_get(9)?,
        metadata: row.try_get(10)?,
    })
}

impl PostgresStorage {
    pub(super) async fn read_page(
        &self,
        after: Position,
        types: &TypeFilter,
        limit: usize,
    ) -> Result<Page, StoreError> {
        const ATTEMPTED: &str = "reading the log";
        let limit = limit.max(1);
        let wanted: Option<Vec<&str>> = match types {
            TypeFilter::All => None,
            TypeFilter::Only(types) => Some(types.iter().map(Cow::as_ref).collect()),
        };
        let rows = sqlx::query(PAGE)
            .bind(after.xact().to_string())
            .bind(after.identity())
            .bind(bigint(limit as u64))
            .bind(wanted)
            .bind(StreamId::COMMANDS)
            .fetch_all(self.database.pool())
            .await
            .map_err(|e| classify::store(ATTEMPTED, e))?;
        let failed = |e| classify::store(ATTEMPTED, e);
        let entries: Result<Vec<_>, _> = rows.iter().map(entry).collect();
        let entries = entries.map_err(failed)?;
        self.check_order(&entries).await?;
        let mut page = Page {
            events: Vec::with_capacity(rows.len()),
            reached: entries.last().map_or(after, |last| last.position),
            more: rows.len() == limit,
        };
        for (entry, row) in entries.iter().zip(&rows) {
            if row.try_get(WANTED).map_err(failed)? {
                page.events.push(event(entry, row).map_err(failed)?);
            }
        }
        Ok(page)
    }

    /// Stops at an entry whose predecessor does not stand before it.
    async fn check_order(&self, entries: &[Entry<'_>]) -> Result<(), StoreError> {
        const ATTEMPTED: &str = "looking whether the log is in order";
        let doubtful = self.lineage.doubtful(entries.iter().copied());
        if doubtful.is_empty() {
            return Ok(());
        }
        let number = |of: fn(&Entry<'_>) -> i64| doubtful.iter().map(of).collect::<Vec<_>>();
        let types: Vec<_> = doubtful.iter().map(|entry| entry.aggregate_type).collect();
        let ids: Vec<_> = doubtful.iter().map(|entry| entry.aggregate_id).collect();
        let xacts: Vec<_> = doubtful
            .iter()
            .map(|entry| entry.position.xact().to_string())
            .collect();
        let answers = sqlx::query_scalar::<_, bool>(IN_ORDER)
            .bind(types)
            .bind(ids)
            .bind(number(|entry| bigint(entry.sequence)))
            .bind(xacts)
            .bind(number(|entry| entry.position.identity()))
            .fetch_all(self.database.pool())
            .await
            .map_err(|e| classify::store(ATTEMPTED, e))?;
        match doubtful.iter().zip(answers).find(|(_, fine)| !fine) {
            None => {
                self.lineage.confirm(&doubtful);
                Ok(())
            }
            Some((entry, _)) => Err(StoreError::OrderViolated {
                stream: stream(entry),
                sequence: entry.sequence,
            }),
        }
    }

    pub(super) async fn last_position(&self) -> Result<Position, StoreError> {
        const ATTEMPTED: &str = "reading the end of the log";
        let last = sqlx::query(
            "select e.xact::text as xact_text, e.position from events e
              order by e.xact desc, e.position desc limit 1",
        )
        .fetch_optional(self.database.pool())
        .await
        .map_err(|e| classify::store(ATTEMPTED, e))?;
        match last {
            None => Ok(Position::START),
            Some(last) => row::position(&last, "xact_text", "position")
                .map_err(|e| classify::store(ATTEMPTED, e)),
        }
    }
}
