//! Forgetting the ids of old commands, by policy.
//!
//! Ids are kept for ever unless somebody asks. A forgotten id is free again: the same command sent
//! with it takes effect a second time. Events stay as they are, their metadata too; only what
//! makes a repeat recognisable goes, and the bookkeeping of commands that stored nothing. It walks
//! the log in its order in short statements, so no follower waits for it; when it is interrupted,
//! the next run does what is left. Adopted events have no time and are never touched.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{Connection, PgConnection, Row};

use super::row::{position, unsigned};
use super::{PostgresStorage, classify};
use crate::{Position, StoreError, StreamId};

const ATTEMPTED: &str = "forgetting old commands";

/// What is counted before anything is done, all on the database's clock.
const DUE: &str = "
with edge as materialized (select clock_timestamp() - make_interval(secs => $1) as before)
select edge.before, count(e.position) as walk, count(e.command_id) as commands,
       count(*) filter (where e.aggregate_type = $2) as done_already
  from edge left join events e on e.recorded_at < edge.before
 group by edge.before";

/// The next stretch of the log after a place. `o` is what of it is old enough.
const STRETCH: &str = "
with stretch as materialized (
  select aggregate_type, aggregate_id, sequence, xact, position, command_id, command_of,
         coalesce(recorded_at < $4, false) as is_old, recorded_at is null as is_adopted
    from events
   where (xact, position) > ($1::text::xid8, $2)
   order by xact, position limit $3
), ";

/// The ids themselves, with the bookkeeping.
const IDS: &str = "
o as (select * from stretch where is_old and command_id is not null
), gone as (
  delete from events e using o
   where (e.aggregate_type, e.aggregate_id, e.sequence)
       = (o.aggregate_type, o.aggregate_id, o.sequence) and o.aggregate_type = $5
), freed as (
  update events e set command_id = null, command_fp = null from o
   where (e.aggregate_type, e.aggregate_id, e.sequence)
       = (o.aggregate_type, o.aggregate_id, o.sequence) and o.aggregate_type <> $5
)";

/// The rest of commands whose id is forgotten. Only afterwards: as long as an id is known, its
/// whole outcome is.
const PARTS: &str = "
o as (select * from stretch where is_old and command_of is not null
         and not exists (select 1 from events f
                          where f.command_id = stretch.command_of and f.xact = stretch.xact)
), freed as (
  update events e set command_of = null from o
   where (e.aggregate_type, e.aggregate_id, e.sequence)
       = (o.aggregate_type, o.aggregate_id, o.sequence)
)";

const REACHED: &str = "
select (select count(*) from o) as touched,
       (select count(*) from o where o.aggregate_type = $5) as done_already,
       (select count(*) from stretch where is_old) as walked,
       (select bool_or(is_old or is_adopted) from stretch) as goes_on, s.xact::text as xact_text,
       s.position
  from stretch s order by s.xact desc, s.position desc limit 1";

/// Which commands are forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PurgePolicy {
    /// Commands that were recorded longer ago than this, on the database's clock.
    pub older_than: Duration,
    /// Rows that one statement looks at, 1 or more.
    pub batch: u32,
}

impl PurgePolicy {
    /// Forgets what is older than this, in statements of 5,000 rows.
    #[must_use]
    pub const fn older_than(older_than: Duration) -> Self {
        Self {
            older_than,
            batch: 5_000,
        }
    }
}

/// What a purge did, or would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purged {
    /// Everything recorded before this.
    pub before: DateTime<Utc>,
    /// Ids that are free again.
    pub commands: u64,
    /// Among them, those of commands that had stored nothing; their rows are gone.
    pub done_already: u64,
}

/// How far a purge has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PurgeProgress {
    /// Rows looked at. The log is walked twice.
    pub walked: u64,
    /// Rows to look at, as they were counted in the beginning.
    pub to_walk: u64,
    /// Ids that are free again so far.
    pub commands: u64,
}

impl PostgresStorage {
    /// What [`Self::purge_commands`] would do now. It reads the whole table once.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn purgeable_commands(&self, policy: PurgePolicy) -> Result<Purged, StoreError> {
        let mut connection = self.database.connection().await?;
        let (due, _) = due(&mut connection, policy).await?;
        end(connection).await?;
        Ok(due)
    }

    /// Forgets the ids of old commands. Servers may run meanwhile.
    ///
    /// An id stays known until it is forgotten whole. Interrupted, it has forgotten some; run it
    /// again. An event that was recorded by a clock that ran ahead may be left for a later run.
    ///
    /// # Errors
    /// When the database does not answer. What was forgotten before stays forgotten.
    pub async fn purge_commands(
        &self,
        policy: PurgePolicy,
        mut on_progress: impl FnMut(PurgeProgress),
    ) -> Result<Purged, StoreError> {
        let mut connection = self.database.connection().await?;
        let (mut purged, walk) = due(&mut connection, policy).await?;
        (purged.commands, purged.done_already) = (0, 0);
        let mut progress = PurgeProgress {
            walked: 0,
            to_walk: walk * 2,
            commands: 0,
        };
        for (work, counts) in [(IDS, true), (PARTS, false)] {
            let sql = format!("{STRETCH}{work}{REACHED}");
            let mut after = Position::START;
            while let Some(row) = stretch(&mut connection, &sql, after, policy, &purged).await? {
                let done = Stretch::of(&row).map_err(|e| classify::store(ATTEMPTED, e))?;
                after = done.reached;
                progress.walked += done.walked;
                if counts {
                    purged.commands += done.touched;
                    purged.done_already += done.done_already;
                    progress.commands = purged.commands;
                }
                on_progress(progress);
                if !done.goes_on {
                    break;
                }
            }
        }
        end(connection).await?;
        Ok(purged)
    }
}

struct Stretch {
    reached: Position,
    walked: u64,
    touched: u64,
    done_already: u64,
    goes_on: bool,
}

impl Stretch {
    fn of(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            reached: position(row, "xact_text", "position")?,
            walked: unsigned(row, "walked")?,
            touched: unsigned(row, "touched")?,
            done_already: unsigned(row, "done_already")?,
            goes_on: row.try_get("goes_on")?,
        })
    }
}

async fn stretch(
    connection: &mut PgConnection,
    sql: &str,
    after: Position,
    policy: PurgePolicy,
    purged: &Purged,
) -> Result<Option<PgRow>, StoreError> {
    sqlx::query(sql)
        .bind(after.xact().to_string())
        .bind(after.identity())
        .bind(i64::from(policy.batch.max(1)))
        .bind(purged.before)
        .bind(StreamId::COMMANDS)
        .fetch_optional(connection)
        .await
        .map_err(|e| classify::store(ATTEMPTED, e))
}

async fn due(
    connection: &mut PgConnection,
    policy: PurgePolicy,
) -> Result<(Purged, u64), StoreError> {
    let row = sqlx::query(DUE)
        .bind(policy.older_than.as_secs_f64())
        .bind(StreamId::COMMANDS)
        .fetch_one(connection)
        .await
        .map_err(|e| classify::store(ATTEMPTED, e))?;
    let read = || -> Result<_, sqlx::Error> {
        let purged = Purged {
            before: row.try_get("before")?,
            commands: unsigned(&row, "commands")?,
            done_already: unsigned(&row, "done_already")?,
        };
        Ok((purged, unsigned(&row, "walk")?))
    };
    read().map_err(|e| classify::store(ATTEMPTED, e))
}

async fn end(connection: PgConnection) -> Result<(), StoreError> {
    let closed = connection.close().await;
    closed.map_err(|e| classify::store("closing a connection", e))
}
