//! Reading the log in an order in which nothing can later appear before what was read.
//!
//! A reader sees only transactions older than every one that is still open
//! (`xact < pg_snapshot_xmin`), in the order of the pair (xact, position). One statement, one
//! snapshot. An open writer therefore delays readers and never makes them miss anything.
//!
//! The same statement checks the promise it rests on: each event's predecessor stands before it
//! in the log. (Adopted events, which have no time, were put in order when they were numbered; what
//! was deleted among them before is not missed.) Entries of types that are not wanted, and the
//! store's own bookkeeping, come without their payload, so that a reader
//! moves on over them and a page costs the same however rare the wanted ones are.

use std::borrow::Cow;

use sqlx::Row;

use super::row::{self, COLUMNS, bigint};
use super::{PostgresStorage, classify};
use crate::{Page, Position, StoreError, StreamId, TypeFilter};

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
        let sql = format!(
            "select {COLUMNS}, w.wanted,
                    case when w.wanted then e.payload::text end as payload,
                    case when w.wanted then e.metadata::text end as metadata,
                    e.sequence <= 1 or e.recorded_at is null or exists (
                      select 1 from events p
                       where p.aggregate_type = e.aggregate_type
                         and p.aggregate_id = e.aggregate_id
                         and p.sequence = e.sequence - 1
                         and (p.xact, p.position) < (e.xact, e.position)) as in_order
               from events e
              cross join lateral
                    (select case when $4::text[] is null then e.aggregate_type <> $5
                                 else e.aggregate_type = any($4) end as wanted) w
              where (e.xact, e.position) > ($1::text::xid8, $2::bigint)
                and e.xact < pg_snapshot_xmin(pg_current_snapshot())
              order by e.xact, e.position
              limit $3"
        );
        let rows = sqlx::query(&sql)
            .bind(after.xact().to_string())
            .bind(after.identity())
            .bind(bigint(limit as u64))
            .bind(wanted)
            .bind(StreamId::COMMANDS)
            .fetch_all(self.database.pool())
            .await
            .map_err(|e| classify::store(ATTEMPTED, e))?;
        let mut page = Page {
            events: Vec::with_capacity(rows.len()),
            reached: after,
            more: rows.len() == limit,
        };
        for entry in &rows {
            let read = || -> Result<(bool, bool, Position), sqlx::Error> {
                let place = row::position(entry, "xact_text", "position")?;
                Ok((entry.try_get("in_order")?, entry.try_get("wanted")?, place))
            };
            let (in_order, wanted, place) = read().map_err(|e| classify::store(ATTEMPTED, e))?;
            if !in_order {
                let stream = row::stream(entry).map_err(|e| classify::store(ATTEMPTED, e))?;
                let sequence =
                    row::unsigned(entry, "sequence").map_err(|e| classify::store(ATTEMPTED, e))?;
                return Err(StoreError::OrderViolated { stream, sequence });
            }
            page.reached = place;
            if wanted {
                page.events
                    .push(row::event(entry).map_err(|e| classify::store(ATTEMPTED, e))?);
            }
        }
        Ok(page)
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
