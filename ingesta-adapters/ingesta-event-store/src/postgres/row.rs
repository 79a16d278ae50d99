//! From a row of the log to an event.

use sqlx::Row;
use sqlx::postgres::PgRow;

use crate::{Position, RecordedEvent, StreamId};

/// The columns of a recorded event, for an `events` row named `e`. Payloads stay text.
pub(super) const COLUMNS: &str = "e.xact::text as xact_text, e.position, e.aggregate_type, \
     e.aggregate_id, e.sequence, e.event_type, e.event_version, e.recorded_at";

/// The event of a row that has [`COLUMNS`], `payload` and `metadata`.
pub(super) fn event(row: &PgRow) -> Result<RecordedEvent, sqlx::Error> {
    Ok(RecordedEvent {
        position: position(row, "xact_text", "position")?,
        stream: stream(row)?,
        sequence: unsigned(row, "sequence")?,
        event_type: row.try_get("event_type")?,
        event_version: row.try_get("event_version")?,
        payload: row.try_get("payload")?,
        metadata: row.try_get("metadata")?,
        recorded_at: row.try_get("recorded_at")?,
    })
}

pub(super) fn stream(row: &PgRow) -> Result<StreamId, sqlx::Error> {
    let aggregate_type: String = row.try_get("aggregate_type")?;
    let aggregate_id: String = row.try_get("aggregate_id")?;
    Ok(StreamId::new(aggregate_type, aggregate_id))
}

/// A pair whose transaction id was selected as text, for the driver has no 64-bit xid.
pub(super) fn position(row: &PgRow, xact: &str, identity: &str) -> Result<Position, sqlx::Error> {
    let text: String = row.try_get(xact)?;
    let xact = text.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
    Ok(Position::new(xact, row.try_get(identity)?))
}

/// A bigint that is never negative.
pub(super) fn unsigned(row: &PgRow, column: &str) -> Result<u64, sqlx::Error> {
    let value: i64 = row.try_get(column)?;
    u64::try_from(value).map_err(|e| sqlx::Error::Decode(Box::new(e)))
}

/// The other way round: sequences and counts are far below the limit of a bigint.
pub(super) fn bigint(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
