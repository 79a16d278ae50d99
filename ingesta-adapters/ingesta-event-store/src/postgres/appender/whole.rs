//! One command with a statement of its own: over several streams, large, or left over from a batch.
//!
//! `guard` looks for every stream's predecessor in the statement's own snapshot: without it an
//! expected version beyond the stream's end would be stored, and the log could show an event before
//! the one it builds on (its transaction would be older). The primary key decides between rivals;
//! it fails the whole statement, so a command of several events or several streams is never torn.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::writer::AGAIN_MAX;
use crate::postgres::classify;
use crate::postgres::row::{bigint, position, stream, unsigned};
use crate::{Append, AppendError, CommandOutcome, Position, StreamId};

const APPEND: &str = "
with guard as materialized (
  select count(*) = count(*) filter (
           where s.first = 1 or exists (
             select 1 from events p
              where p.aggregate_type = s.at and p.aggregate_id = s.ai
                and p.sequence = s.first - 1)) as holds
    from unnest($1::text[], $2::text[], $3::bigint[]) as s(at, ai, first)
)
insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version,
                    payload, metadata, command_id, command_fp, command_of)
select e.at, e.ai, e.seq, e.et, e.ev, e.payload::json, e.metadata::json, e.cid, e.fp, e.part
  from guard, unnest($4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::text[],
                     $10::text[], $11::text[], $12::bytea[], $13::text[])
         with ordinality as e(at, ai, seq, et, ev, payload, metadata, cid, fp, part, n)
 where guard.holds
 order by e.n
returning aggregate_type, aggregate_id, sequence, xact::text as xact_text, position";

/// The arrays of the statement. The two groups differ in length: streams, and events.
#[derive(Default)]
struct Arrays {
    types: Vec<String>,
    ids: Vec<String>,
    firsts: Vec<i64>,
    event_types_of: Vec<String>,
    event_ids_of: Vec<String>,
    sequences: Vec<i64>,
    event_types: Vec<String>,
    event_versions: Vec<String>,
    payloads: Vec<String>,
    metadata: Vec<String>,
    command_ids: Vec<Option<String>>,
    fingerprints: Vec<Option<Vec<u8>>>,
    parts_of: Vec<Option<String>>,
}

impl Arrays {
    /// Streams are written in key order, so that two commands over the same streams queue up
    /// instead of waiting for each other; the command's id stands on its first stream.
    fn of(append: &Append) -> Self {
        let mut order: Vec<usize> = (0..append.streams.len()).collect();
        order.sort_by(|a, b| append.streams[*a].stream.cmp(&append.streams[*b].stream));
        let mut arrays = Self::default();
        for index in order {
            let part = &append.streams[index];
            let StreamId {
                aggregate_type,
                aggregate_id,
            } = &part.stream;
            arrays.types.push(aggregate_type.to_string());
            arrays.ids.push(aggregate_id.clone());
            arrays.firsts.push(bigint(part.expected_version + 1));
            for (event, sequence) in part.events.iter().zip(part.expected_version + 1..) {
                let command = append.command.as_ref();
                let leads = index == 0 && sequence == part.expected_version + 1;
                let (first, other) = if leads {
                    (command, None)
                } else {
                    (None, command)
                };
                arrays.event_types_of.push(aggregate_type.to_string());
                arrays.event_ids_of.push(aggregate_id.clone());
                arrays.sequences.push(bigint(sequence));
                arrays.event_types.push(event.event_type.clone());
                arrays.event_versions.push(event.event_version.clone());
                arrays.payloads.push(event.payload.clone());
                arrays.metadata.push(event.metadata.clone());
                arrays.command_ids.push(first.map(|c| c.id.clone()));
                arrays
                    .fingerprints
                    .push(first.map(|c| c.fingerprint.clone()));
                arrays.parts_of.push(other.map(|c| c.id.clone()));
            }
        }
        arrays
    }
}

/// Stores one command by itself.
pub(super) async fn append(
    connection: &mut PgConnection,
    append: &Append,
) -> Result<CommandOutcome, AppendError> {
    let arrays = Arrays::of(append);
    let mut tries = 0;
    let rows = loop {
        tries += 1;
        match send(connection, &arrays).await {
            Ok(rows) => break rows,
            Err(classify::Append::Taken) => return Err(AppendError::Conflict),
            Err(classify::Append::Again(cause)) if tries > AGAIN_MAX => {
                return Err(AppendError::NotStored(cause));
            }
            Err(classify::Append::Again(_)) => {}
            Err(classify::Append::Ended(error)) => return Err(error),
        }
    };
    if rows.is_empty() {
        return Err(AppendError::Conflict);
    }
    outcome(append, &rows)
        .map_err(|e| AppendError::Unknown(classify::store("reading an append's answer", e)))
}

async fn send(
    connection: &mut PgConnection,
    arrays: &Arrays,
) -> Result<Vec<PgRow>, classify::Append> {
    sqlx::query(APPEND)
        .bind(&arrays.types)
        .bind(&arrays.ids)
        .bind(&arrays.firsts)
        .bind(&arrays.event_types_of)
        .bind(&arrays.event_ids_of)
        .bind(&arrays.sequences)
        .bind(&arrays.event_types)
        .bind(&arrays.event_versions)
        .bind(&arrays.payloads)
        .bind(&arrays.metadata)
        .bind(&arrays.command_ids)
        .bind(&arrays.fingerprints)
        .bind(&arrays.parts_of)
        .fetch_all(connection)
        .await
        .map_err(classify::append)
}

fn outcome(append: &Append, rows: &[PgRow]) -> Result<CommandOutcome, sqlx::Error> {
    let mut last = Position::START;
    for row in rows {
        last = last.max(position(row, "xact_text", "position")?);
    }
    Ok(CommandOutcome {
        position: last,
        streams: append.versions(),
    })
}

/// The outcome of a command that was stored before, from its rows; the first row is the one that
/// carries the command's id.
pub(in crate::postgres) fn stored_outcome(rows: &[PgRow]) -> Result<CommandOutcome, sqlx::Error> {
    let mut outcome = CommandOutcome {
        position: Position::START,
        streams: Vec::new(),
    };
    for row in rows {
        let (stream, sequence) = (stream(row)?, unsigned(row, "sequence")?);
        outcome.position = outcome
            .position
            .max(position(row, "xact_text", "position")?);
        match outcome
            .streams
            .iter_mut()
            .find(|(known, _)| *known == stream)
        {
            Some((_, version)) => *version = (*version).max(sequence),
            None => outcome.streams.push((stream, sequence)),
        }
    }
    Ok(outcome)
}

/// The fingerprint column of a command's first row.
pub(in crate::postgres) fn stored_fingerprint(row: &PgRow) -> Result<Vec<u8>, sqlx::Error> {
    Ok(row
        .try_get::<Option<Vec<u8>>, _>("command_fp")?
        .unwrap_or_default())
}
