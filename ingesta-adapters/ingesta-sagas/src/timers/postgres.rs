//! Timers in a table beside the log: `ingesta_timers`.
//!
//! They are written by the statement that moves the checkpoint, and taken by one statement that
//! passes over what another worker is taking. Each statement commits by itself.

use std::time::Duration;

use async_trait::async_trait;
use ingesta_event_store::subscription::{Arg, Effect, SqlEffect};
use ingesta_event_store::{Database, StoreError};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::port::{DueTimer, PAUSE_MAX, PendingTimer, TimerChanges, Timers};

const LAYOUT: &str = include_str!("../../migrations/0001_timers.sql");
const MARK: &str = "ingesta sagas, layout 1";

/// As good as never, and far from what a timestamp cannot hold.
pub(super) const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Any fixed number: programs that start together make the table one after the other.
const LOCK: i64 = 0x1e6e_57a1;

const SET: &str = "
insert into ingesta_timers as t (saga_type, saga_id, timer, token, metadata, due_at, next_at)
select u.saga_type, u.saga_id, u.timer, u.token, u.metadata, d.due_at, d.due_at
  from own, unnest({0}::text[], {1}::text[], {2}::text[], {3}::text[], {4}::text[], {5}::bigint[])
            as u(saga_type, saga_id, timer, token, metadata, after),
       lateral (select clock_timestamp() + u.after * interval '1 millisecond' as due_at) as d
on conflict (saga_type, saga_id, timer) do update
   set token = excluded.token, metadata = excluded.metadata, due_at = excluded.due_at,
       next_at = excluded.next_at, tries = 0, problem = null
 where t.token <> excluded.token";

const CANCEL: &str = "
delete from ingesta_timers as t
 using own, unnest({0}::text[], {1}::text[], {2}::text[]) as u(saga_type, saga_id, timer)
 where t.saga_type = u.saga_type and t.saga_id = u.saga_id and t.timer = u.timer";

const CLAIM: &str = "
update ingesta_timers as t
   set tries = t.tries + 1,
       next_at = clock_timestamp()
                 + least($3 * (2 ^ least(t.tries, 20))::bigint, $4) * interval '1 millisecond'
  from (select saga_id, timer from ingesta_timers
         where saga_type = $1 and next_at <= clock_timestamp()
         order by next_at limit $2 for update skip locked) as due
 where t.saga_type = $1 and t.saga_id = due.saga_id and t.timer = due.timer
returning t.saga_id, t.timer, t.token, t.metadata, t.tries";

/// The timers of a database that holds a log.
#[derive(Clone, Debug)]
pub struct PostgresTimers {
    database: Database,
}

impl PostgresTimers {
    /// Over the database that holds the sagas' streams and checkpoints.
    #[must_use]
    pub fn new(database: &Database) -> Self {
        Self {
            database: database.clone(),
        }
    }

    async fn mark(&self) -> Result<Option<String>, StoreError> {
        let failed = |error| Database::failure("looking for the table of timers", error);
        let row = sqlx::query(
            "select obj_description(to_regclass('ingesta_timers'), 'pg_class') as mark",
        )
        .fetch_one(self.database.pool())
        .await
        .map_err(failed)?;
        row.try_get("mark").map_err(failed)
    }
}

/// Whole milliseconds.
fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.min(CENTURY).as_millis()).unwrap_or(i64::MAX)
}

#[async_trait]
impl Timers for PostgresTimers {
    async fn prepare(&self) -> Result<(), StoreError> {
        const ATTEMPTED: &str = "making the table of timers";
        match self.mark().await? {
            Some(found) if found == MARK => return Ok(()),
            // A table of another layout must not get our mark.
            Some(found) => {
                return Err(StoreError::Refused {
                    attempted: ATTEMPTED,
                    cause: format!("the table is {found:?}, this program knows {MARK:?}").into(),
                });
            }
            None => {}
        }
        // One message to the server and so one transaction, which a cancelled caller leaves closed.
        let sql = format!("select pg_advisory_xact_lock({LOCK});\n{LAYOUT}");
        sqlx::raw_sql(&sql)
            .execute(self.database.pool())
            .await
            .map_err(|error| Database::failure(ATTEMPTED, error))?;
        Ok(())
    }

    fn effects(&self, saga_type: &str, changes: TimerChanges) -> Vec<Effect> {
        let mut effects = Vec::new();
        if !changes.set.is_empty() {
            let mut texts: [Vec<String>; 4] = Default::default();
            let mut afters = Vec::new();
            for setting in changes.set {
                let values = [
                    setting.saga_id,
                    setting.timer,
                    setting.token,
                    setting.metadata,
                ];
                for (column, value) in texts.iter_mut().zip(values) {
                    column.push(value);
                }
                afters.push(millis(setting.after));
            }
            let mut args = vec![Arg::Texts(vec![saga_type.to_owned(); afters.len()])];
            args.extend(texts.map(Arg::Texts));
            args.push(Arg::Bigints(afters));
            effects.push(effect(SET, args));
        }
        if !changes.cancel.is_empty() {
            let types = vec![saga_type.to_owned(); changes.cancel.len()];
            let (ids, timers) = changes.cancel.into_iter().unzip();
            effects.push(effect(CANCEL, [types, ids, timers].map(Arg::Texts).into()));
        }
        effects
    }

    async fn claim(
        &self,
        saga_type: &str,
        limit: usize,
        pause: Duration,
    ) -> Result<Vec<DueTimer>, StoreError> {
        let failed = |error| Database::failure("taking timers that are due", error);
        let rows = sqlx::query(CLAIM)
            .bind(saga_type)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .bind(millis(pause))
            .bind(millis(PAUSE_MAX))
            .fetch_all(self.database.pool())
            .await
            .map_err(failed)?;
        let read = |row: &PgRow| {
            Ok(DueTimer {
                saga_id: row.try_get("saga_id")?,
                timer: row.try_get("timer")?,
                token: row.try_get("token")?,
                metadata: row.try_get("metadata")?,
                tries: tries(row)?,
            })
        };
        rows.iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map_err(failed)
    }

    async fn fired(&self, saga_type: &str, timers: &[DueTimer]) -> Result<(), StoreError> {
        let of = |f: fn(&DueTimer) -> &String| timers.iter().map(f).cloned().collect::<Vec<_>>();
        sqlx::query(
            "delete from ingesta_timers as t
              using unnest($2::text[], $3::text[], $4::text[]) as u(saga_id, timer, token)
              where t.saga_type = $1 and t.saga_id = u.saga_id and t.timer = u.timer
                and t.token = u.token",
        )
        .bind(saga_type)
        .bind(of(|timer| &timer.saga_id))
        .bind(of(|timer| &timer.timer))
        .bind(of(|timer| &timer.token))
        .execute(self.database.pool())
        .await
        .map_err(|error| Database::failure("removing timers that have fired", error))?;
        Ok(())
    }

    async fn failed(
        &self,
        saga_type: &str,
        timer: &DueTimer,
        problem: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "update ingesta_timers set problem = $5
              where saga_type = $1 and saga_id = $2 and timer = $3 and token = $4",
        )
        .bind(saga_type)
        .bind(&timer.saga_id)
        .bind(&timer.timer)
        .bind(&timer.token)
        .bind(problem)
        .execute(self.database.pool())
        .await
        .map_err(|error| Database::failure("noting why a timer did not fire", error))?;
        Ok(())
    }

    async fn next(&self, saga_type: &str) -> Result<Option<Duration>, StoreError> {
        let failed = |error| Database::failure("asking for the next timer", error);
        // Rounded up: whoever waits this long finds it due.
        let row = sqlx::query(
            "select ceil(extract(epoch from min(next_at) - clock_timestamp()) * 1000)::bigint as wait
               from ingesta_timers where saga_type = $1",
        )
        .bind(saga_type)
        .fetch_one(self.database.pool())
        .await
        .map_err(failed)?;
        let wait: Option<i64> = row.try_get("wait").map_err(failed)?;
        Ok(wait.map(|wait| Duration::from_millis(u64::try_from(wait).unwrap_or_default())))
    }

    async fn pending(
        &self,
        saga_type: &str,
        saga_id: Option<&str>,
        limit: usize,
    ) -> Result<Vec<PendingTimer>, StoreError> {
        let failed = |error| Database::failure("listing timers", error);
        let rows = sqlx::query(
            "select saga_id, timer, token, due_at, tries, problem from ingesta_timers
              where saga_type = $1 and ($2::text is null or saga_id = $2)
              order by due_at, saga_id, timer limit $3",
        )
        .bind(saga_type)
        .bind(saga_id)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(self.database.pool())
        .await
        .map_err(failed)?;
        let read = |row: &PgRow| {
            Ok(PendingTimer {
                saga_id: row.try_get("saga_id")?,
                timer: row.try_get("timer")?,
                token: row.try_get("token")?,
                due_at: row.try_get("due_at")?,
                tries: tries(row)?,
                problem: row.try_get("problem")?,
            })
        };
        rows.iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map_err(failed)
    }
}

fn tries(row: &PgRow) -> Result<u32, sqlx::Error> {
    let tries: i32 = row.try_get("tries")?;
    u32::try_from(tries).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

fn effect(sql: &str, args: Vec<Arg>) -> Effect {
    let sql = sql.to_owned();
    Effect::Sql(SqlEffect { sql, args })
}
