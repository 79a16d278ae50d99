//! What is kept of a rebuild in the database, so that another process can go on with it.
//!
//! Every write is one statement that also checks the rebuild's lease: who lost it writes nothing.

use ingesta_event_store::subscription::{Arg, Commit, Effect, SqlEffect};
use ingesta_event_store::{Database, StoreError};
use sqlx::Row as _;

use super::RebuildError;
use super::build::Build;
use super::guard::taken_over;
use super::names::Names;

/// How far a rebuild is, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Rows are being written; keys below the frontier are there.
    Folding,
    /// Every row is written; the key may be missing.
    Indexing,
    /// The table is whole and follows the log.
    CatchingUp,
}

impl Stage {
    fn as_str(self) -> &'static str {
        match self {
            Self::Folding => "folding",
            Self::Indexing => "indexing",
            Self::CatchingUp => "catching_up",
        }
    }

    fn read(text: &str) -> Result<Self, sqlx::Error> {
        [Self::Folding, Self::Indexing, Self::CatchingUp]
            .into_iter()
            .find(|stage| stage.as_str() == text)
            .ok_or_else(|| sqlx::Error::Decode("no stage of a rebuild".into()))
    }
}

/// A rebuild that was interrupted.
pub(crate) struct State {
    pub(crate) fresh: String,
    pub(crate) made_by: String,
    pub(crate) upto: u64,
    pub(crate) done_below: Option<String>,
    pub(crate) stage: Stage,
    pub(crate) events: u64,
    pub(crate) rows: u64,
}

const LOAD: &str = "
select build_table, made_by, upto::text as upto, done_below, phase, events, rows
  from ingesta_rebuilds where projection = $1";

pub(crate) async fn load(
    database: &Database,
    projection: &str,
) -> Result<Option<State>, StoreError> {
    let failed = |e| Database::failure("looking for an interrupted rebuild", e);
    let row = sqlx::query(LOAD)
        .bind(projection)
        .fetch_optional(database.pool())
        .await
        .map_err(failed)?;
    let read = |row: &sqlx::postgres::PgRow| -> Result<State, sqlx::Error> {
        let upto: String = row.try_get("upto")?;
        let count = |column| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
        Ok(State {
            fresh: row.try_get("build_table")?,
            made_by: row.try_get("made_by")?,
            upto: upto.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)))?,
            done_below: row.try_get("done_below")?,
            stage: Stage::read(row.try_get("phase")?)?,
            events: count("events")?,
            rows: count("rows")?,
        })
    };
    row.as_ref()
        .map(|row| read(row).map_err(failed))
        .transpose()
}

/// Puts the subscription of the build at the place where its fold ends, without parked streams:
/// all transactions that are over now. A verification goes no further than the view it looks at.
const BEGIN: &str = "
with own as (
  update ingesta_subscriptions s
     set xact = least(pg_snapshot_xmin(pg_current_snapshot()),
                      (select l.xact from ingesta_subscriptions l where l.name = $4 and $5),
                      $7::text::xid8),
         position = 0, moved_at = clock_timestamp()
   where s.name = $1 and s.epoch = $2 and s.owner is not null
  returning s.name, s.xact),
gone as (delete from ingesta_parked_streams p using own where p.subscription = own.name),
kept as (
  insert into ingesta_rebuilds as r (projection, build_table, made_by, upto, done_below, phase)
  select $4, $3, $6, own.xact, '', 'folding' from own where not $5
  on conflict (projection) do update
     set build_table = excluded.build_table, made_by = excluded.made_by, upto = excluded.upto,
         done_below = excluded.done_below, phase = excluded.phase, events = 0, rows = 0,
         started_at = clock_timestamp(), moved_at = clock_timestamp())
select xact::text as upto from own";

/// Begins anew, no later than at `at_most`; answers with the transaction before which the fold ends.
pub(crate) async fn begin(
    database: &Database,
    names: &Names,
    epoch: i64,
    made_by: &str,
    only_to_verify: bool,
    at_most: Option<u64>,
) -> Result<u64, RebuildError> {
    let failed = |e| Database::failure("beginning a fold of the log", e);
    let row = sqlx::query(BEGIN)
        .bind(&names.subscription)
        .bind(epoch)
        .bind(names.fresh.as_str())
        .bind(&names.projection)
        .bind(only_to_verify)
        .bind(made_by)
        .bind(at_most.map(|upto| upto.to_string()))
        .fetch_optional(database.pool())
        .await
        .map_err(failed)?;
    let Some(row) = row else {
        return Err(RebuildError::TakenOver {
            projection: names.projection.clone(),
        });
    };
    let upto: String = row.try_get("upto").map_err(failed)?;
    let upto = upto
        .parse()
        .map_err(|e| failed(sqlx::Error::Decode(Box::new(e))))?;
    Ok(upto)
}

impl Build {
    /// The build has come to `stage`.
    pub(crate) async fn reached(&mut self, stage: Stage) -> Result<(), RebuildError> {
        self.stage = stage;
        let sql = "update ingesta_rebuilds r
                      set phase = ({1}::text[])[1], moved_at = clock_timestamp()
                     from own where r.projection = ({0}::text[])[1]";
        let stage = stage.as_str().to_owned();
        self.store(
            sql,
            vec![Arg::Texts(vec![self.state_key()]), Arg::Texts(vec![stage])],
        )
        .await
    }

    /// Another pass over the log has been read.
    pub(crate) async fn has_read(&mut self, events: u64) -> Result<(), RebuildError> {
        self.events += events;
        let sql = "update ingesta_rebuilds r
                      set events = r.events + ({1}::bigint[])[1], moved_at = clock_timestamp()
                     from own where r.projection = ({0}::text[])[1]";
        let events = i64::try_from(events).unwrap_or(i64::MAX);
        self.store(
            sql,
            vec![
                Arg::Texts(vec![self.state_key()]),
                Arg::Bigints(vec![events]),
            ],
        )
        .await
    }

    /// One statement under the rebuild's lease.
    pub(crate) async fn store(&self, sql: &str, args: Vec<Arg>) -> Result<(), RebuildError> {
        let effect = Effect::Sql(SqlEffect {
            sql: sql.to_owned(),
            args,
        });
        let commit = Commit {
            effects: vec![effect],
            ..Commit::default()
        };
        let stored = self.ground.storage.commit(self.kept.lease(), commit).await;
        stored.map_err(|e| taken_over(&self.names, e))
    }

    /// The key of the state row; no projection has an empty name, and a verification has no row.
    pub(crate) fn state_key(&self) -> String {
        match self.names.purpose {
            super::names::Purpose::Rebuild => self.names.projection.clone(),
            super::names::Purpose::Verify => String::new(),
        }
    }
}
