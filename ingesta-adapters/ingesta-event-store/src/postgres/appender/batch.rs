//! A batch on its way to the database: sorted by key, turned into arrays, its answer read.

use sqlx::Row;
use sqlx::postgres::{PgRow, PgValueRef};

use super::request::Request;
use crate::Position;
use crate::postgres::row::bigint;

/// The arrays of the packed statements, borrowed from the requests.
#[derive(Default)]
pub(super) struct Arrays<'r> {
    pub(super) types: Vec<&'r str>,
    pub(super) ids: Vec<&'r str>,
    pub(super) firsts: Vec<i64>,
    pub(super) command_ids: Vec<Option<&'r str>>,
    pub(super) fingerprints: Vec<Option<&'r [u8]>>,
    /// Whose event, as a number of the command from 1.
    pub(super) numbers: Vec<i64>,
    pub(super) sequences: Vec<i64>,
    pub(super) event_types: Vec<&'r str>,
    pub(super) event_versions: Vec<&'r str>,
    pub(super) payloads: Vec<&'r str>,
    pub(super) metadata: Vec<&'r str>,
}

impl<'r> Arrays<'r> {
    pub(super) fn of(requests: &'r [Request]) -> Self {
        let mut arrays = Self::default();
        for (number, request) in (1_i64..).zip(requests) {
            let part = request.part();
            let command = request.append.command.as_ref();
            arrays.types.push(&part.stream.aggregate_type);
            arrays.ids.push(&part.stream.aggregate_id);
            arrays.firsts.push(bigint(part.expected_version + 1));
            arrays.command_ids.push(command.map(|c| c.id.as_str()));
            arrays
                .fingerprints
                .push(command.map(|c| c.fingerprint.as_slice()));
            for (event, sequence) in part.events.iter().zip(part.expected_version + 1..) {
                arrays.numbers.push(number);
                arrays.sequences.push(bigint(sequence));
                arrays.event_types.push(&event.event_type);
                arrays.event_versions.push(&event.event_version);
                arrays.payloads.push(&event.payload);
                arrays.metadata.push(&event.metadata);
            }
        }
        arrays
    }

    /// True if each command has one event: then the shorter statement does.
    pub(super) fn is_flat(&self) -> bool {
        self.numbers.len() == self.ids.len()
    }
}

/// Sorts by key: two writers then queue up at a row instead of waiting for each other.
pub(super) fn sort(requests: &mut [Request]) {
    requests.sort_by(|a, b| a.part().stream.cmp(&b.part().stream));
}

/// Where each request was stored, in order; `None` for those that lost.
///
/// The rows are those of the winners, in the order of the batch, so one walk over both matches
/// them.
pub(super) fn places(
    requests: &[Request],
    rows: &[PgRow],
) -> Result<Vec<Option<Position>>, sqlx::Error> {
    let mut rows = rows.iter().peekable();
    let mut places = Vec::with_capacity(requests.len());
    for request in requests {
        let part = request.part();
        let won = match rows.peek() {
            None => None,
            Some(row) => {
                let is_its = row.try_get::<&str, _>(1)? == part.stream.aggregate_id
                    && row.try_get::<&str, _>(0)? == part.stream.aggregate_type;
                if is_its { rows.next() } else { None }
            }
        };
        places.push(match won {
            None => None,
            Some(row) => Some(Position::new(xid8(row.try_get_raw(2)?)?, row.try_get(3)?)),
        });
    }
    match rows.next() {
        None => Ok(places),
        Some(_) => Err(sqlx::Error::Protocol(
            "an append answered for nobody's command".into(),
        )),
    }
}

/// A 64-bit transaction id, which the driver has no type for: eight bytes, the greatest first.
pub(in crate::postgres) fn xid8(value: PgValueRef<'_>) -> Result<u64, sqlx::Error> {
    let bytes = value.as_bytes().map_err(sqlx::Error::Decode)?;
    let bytes = <[u8; 8]>::try_from(bytes).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
    Ok(u64::from_be_bytes(bytes))
}
