//! Streams that a build has put aside, and events that an operator has passed over.
//!
//! An event that cannot be folded parks its stream in the build as it does in the live view: the
//! rows of `ingesta_parked_streams` under the build's subscription are the memory of it, so an
//! interrupted rebuild knows them, its follower holds these streams back, and the swap hands them
//! to the view. What was skipped once stays skipped.

use std::collections::{HashMap, HashSet};

use ingesta_event_store::subscription::{Arg, ParkReason, SqlEffect};
use ingesta_event_store::{Database, RecordedEvent, StoreError, StreamId};
use sqlx::Row as _;

use super::RebuildError;
use super::build::Build;
use super::names::literal;
use super::pass::FailedEvent;

/// More than this many streams with an event that cannot be folded is not an accident.
pub(crate) const STREAMS_MAX: usize = 10_000;

/// Events that an operator has passed over.
pub(crate) type Skipped = HashSet<(StreamId, u64)>;

/// Whether the event is one of them.
pub(crate) fn is_skipped(skipped: &Skipped, event: &RecordedEvent) -> bool {
    // Almost always there are none, and then no stream's name is copied.
    !skipped.is_empty() && skipped.contains(&(event.stream.clone(), event.sequence))
}

/// What an operator has passed over in this projection.
pub(crate) async fn skipped(database: &Database, projection: &str) -> Result<Skipped, StoreError> {
    let failed = |e| Database::failure("reading skipped events", e);
    let rows = sqlx::query(
        "select aggregate_type, aggregate_id, sequence from ingesta_skipped_events
          where subscription = $1",
    )
    .bind(projection)
    .fetch_all(database.pool())
    .await
    .map_err(failed)?;
    let read = |row: &sqlx::postgres::PgRow| -> Result<(StreamId, u64), sqlx::Error> {
        let stream = StreamId::new(
            row.try_get::<String, _>("aggregate_type")?,
            row.try_get::<String, _>("aggregate_id")?,
        );
        let sequence: i64 = row.try_get("sequence")?;
        Ok((stream, sequence.unsigned_abs()))
    };
    let events: Result<HashSet<_>, _> = rows.iter().map(read).collect();
    events.map_err(failed)
}

/// One text for each of the events, the same ones each time, which tells nobody whose they are.
pub(crate) async fn hashes(
    database: &Database,
    skipped: &Skipped,
) -> Result<Vec<String>, StoreError> {
    if skipped.is_empty() {
        return Ok(Vec::new());
    }
    let failed = |e| Database::failure("naming skipped events", e);
    let (mut types, mut ids, mut sequences) = (Vec::new(), Vec::new(), Vec::new());
    for (stream, sequence) in skipped {
        types.push(stream.aggregate_type.to_string());
        ids.push(stream.aggregate_id.clone());
        sequences.push(i64::try_from(*sequence).unwrap_or(i64::MAX));
    }
    let sql = format!(
        "select {HASH} as hash from unnest($1::text[], $2::text[], $3::bigint[])
           as k(aggregate_type, aggregate_id, sequence) order by 1"
    );
    let rows = sqlx::query(&sql)
        .bind(types)
        .bind(ids)
        .bind(sequences)
        .fetch_all(database.pool())
        .await
        .map_err(failed)?;
    let hashes: Result<Vec<_>, _> = rows.iter().map(|row| row.try_get("hash")).collect();
    hashes.map_err(failed)
}

const HASH: &str = "encode(sha256(convert_to(format('%L %L %s', k.aggregate_type, k.aggregate_id,
    k.sequence), 'UTF8')), 'hex')";

/// A condition: what an operator has passed over in the view is not what the build has folded
/// without. Where the build holds a stream back at such an event, it has not folded it either.
pub(crate) fn differ_sql(live: &str, build: &str, hashes: &[String]) -> String {
    let count = hashes.len();
    let hashes: Vec<String> = hashes.iter().map(|hash| literal(hash)).collect();
    let hashes = format!("array[{}]::text[]", hashes.join(", "));
    format!(
        "exists (select from ingesta_skipped_events k
                  where k.subscription = {live} and {HASH} <> all ({hashes})
                    and not exists (
                      select from ingesta_parked_streams p
                       where p.subscription = {build} and p.sequence <= k.sequence
                         and (p.aggregate_type, p.aggregate_id)
                             = (k.aggregate_type, k.aggregate_id)
                         and k.sequence - p.sequence + 1 = (
                           select count(*) from ingesta_skipped_events j
                            where j.subscription = {live}
                              and (j.aggregate_type, j.aggregate_id)
                                  = (k.aggregate_type, k.aggregate_id)
                              and j.sequence between p.sequence and k.sequence)))
         or {count} <> (select count(*) from ingesta_skipped_events k
                         where k.subscription = {live} and {HASH} = any ({hashes}))"
    )
}

/// Where the parked streams of an interrupted build stop.
pub(crate) async fn cuts(build: &Build) -> Result<HashMap<StreamId, u64>, StoreError> {
    let parked = build
        .ground
        .storage
        .parked(&build.names.subscription)
        .await?;
    Ok(parked
        .into_iter()
        .map(|row| (row.stream, row.sequence))
        .collect())
}

/// Also back, where the store's own parking goes only forward: what is folded here lacks what stands
/// behind the event. Only if the operator has passed over this very event since it was read (`{3}`
/// is where the streams were parked), that stands. The follower tries the events again in a second,
/// as it does those of every parked stream.
const PARK: &str = "
insert into ingesta_parked_streams as p
       (subscription, aggregate_type, aggregate_id, sequence, xact, position, code, message,
        attempts, retry_at)
select own.name, e.aggregate_type, e.aggregate_id, e.sequence, e.xact, e.position, u.code,
       u.message, 1, clock_timestamp() + interval '1 s'
  from own, unnest({0}::text[], {1}::text[], {2}::bigint[], {4}::text[], {5}::text[])
            as u(at, ai, seq, code, message)
  join events e on (e.aggregate_type, e.aggregate_id, e.sequence) = (u.at, u.ai, u.seq)
on conflict (subscription, aggregate_type, aggregate_id) do update
   set sequence = excluded.sequence, xact = excluded.xact, position = excluded.position,
       code = excluded.code, message = excluded.message, attempts = excluded.attempts,
       retry_at = excluded.retry_at
 where p.sequence = any ({3}::bigint[]) or p.sequence <> excluded.sequence + 1";

/// An event at which its stream is put aside.
pub(crate) struct Stop {
    pub(crate) stream: StreamId,
    pub(crate) sequence: u64,
    pub(crate) reason: ParkReason,
}

/// Puts streams aside, wherever they were parked `before`.
pub(crate) fn put_aside(
    stops: impl IntoIterator<Item = Stop>,
    before: impl IntoIterator<Item = u64>,
) -> SqlEffect {
    let bigint = |sequence| i64::try_from(sequence).unwrap_or(i64::MAX);
    let (mut types, mut ids, mut sequences) = (Vec::new(), Vec::new(), Vec::new());
    let (mut codes, mut messages) = (Vec::new(), Vec::new());
    for stop in stops {
        types.push(stop.stream.aggregate_type.into_owned());
        ids.push(stop.stream.aggregate_id);
        sequences.push(bigint(stop.sequence));
        codes.push(stop.reason.code);
        messages.push(stop.reason.message);
    }
    SqlEffect {
        sql: PARK.to_owned(),
        args: vec![
            Arg::Texts(types),
            Arg::Texts(ids),
            Arg::Bigints(sequences),
            Arg::Bigints(before.into_iter().map(bigint).collect()),
            Arg::Texts(codes),
            Arg::Texts(messages),
        ],
    }
}

impl Build {
    /// Puts the streams of these events aside: the next passes stop before them.
    pub(crate) async fn park(&mut self, failed: Vec<FailedEvent>) -> Result<(), RebuildError> {
        let mut first: HashMap<StreamId, FailedEvent> = HashMap::new();
        for event in failed {
            let known = first.get(&event.stream);
            if known.is_none_or(|known| event.sequence < known.sequence) {
                first.insert(event.stream.clone(), event);
            }
        }
        let known = |event: &FailedEvent| {
            let cut = self.cut.get(&event.stream);
            cut.is_some_and(|cut| *cut <= event.sequence)
        };
        if first.values().all(known) {
            return Err(RebuildError::Fold {
                projection: self.names.projection.clone(),
                message: "it fails on events that were put aside".to_owned(),
            });
        }
        let new = first
            .keys()
            .filter(|stream| !self.cut.contains_key(*stream));
        let new = new.count();
        if self.cut.len() + new > STREAMS_MAX {
            let last = first.into_values().next();
            let (event_type, event_version) = last
                .map(|event| (event.event_type, event.event_version))
                .unwrap_or_default();
            return Err(RebuildError::CannotRead {
                projection: self.names.projection.clone(),
                streams: STREAMS_MAX,
                event_type,
                event_version,
            });
        }
        let before = first.keys().filter_map(|stream| self.cut.get(stream));
        let before: Vec<u64> = before.copied().collect();
        let cuts = first
            .iter()
            .map(|(stream, event)| (stream.clone(), event.sequence));
        self.cut.extend(cuts);
        let stops = first.into_values().map(|event| Stop {
            stream: event.stream,
            sequence: event.sequence,
            reason: event.reason,
        });
        let parking = put_aside(stops, before);
        self.store(&parking.sql, parking.args).await?;
        self.ground.progress.add_parked(new as u64);
        tracing::warn!(
            projection = self.names.projection,
            streams = new,
            "streams were put aside: an event of theirs cannot be folded"
        );
        Ok(())
    }
}
