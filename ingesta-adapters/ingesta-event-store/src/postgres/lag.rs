//! How far a reader is behind, and which transaction holds readers back.

use std::time::Duration;

use sqlx::Row;

use super::row::{bigint, unsigned};
use super::{PostgresStorage, classify};
use crate::{Blocker, Lag, Position, StoreError};

const LAG: &str = "
select count(*) as events,
       extract(epoch from clock_timestamp() - min(recorded_at))::float8 as age,
       count(*) filter (where xact >= pg_snapshot_xmin(pg_current_snapshot())) as held_back
  from (select xact, recorded_at from events
         where (xact, position) > ($1::text::xid8, $2::bigint)
         order by xact, position limit $3) waiting";

/// Oldest first by transaction id; prepared transactions have no session but hold the same.
const OLDEST_WRITER: &str = "
select pid, database, state, seconds::float8
  from (select pid, datname::text as database, state,
               extract(epoch from clock_timestamp() - xact_start) as seconds,
               age(backend_xid) as xid_age
          from pg_stat_activity
         where backend_xid is not null and pid <> pg_backend_pid()
        union all
        select null, database::text, 'prepared',
               extract(epoch from clock_timestamp() - prepared), age(transaction)
          from pg_prepared_xacts) writers
 order by xid_age desc limit 1";

impl PostgresStorage {
    pub(super) async fn measure_lag(&self, after: Position) -> Result<Lag, StoreError> {
        const ATTEMPTED: &str = "measuring the lag";
        let row = sqlx::query(LAG)
            .bind(after.xact().to_string())
            .bind(after.identity())
            .bind(bigint(Lag::COUNTED_MAX))
            .fetch_one(self.database.pool())
            .await
            .map_err(|e| classify::store(ATTEMPTED, e))?;
        let read = || -> Result<Lag, sqlx::Error> {
            Ok(Lag {
                events: unsigned(&row, "events")?,
                age: row.try_get::<Option<f64>, _>("age")?.map(seconds),
                held_back: unsigned(&row, "held_back")?,
                blocker: None,
            })
        };
        let mut lag = read().map_err(|e| classify::store(ATTEMPTED, e))?;
        if lag.held_back > 0 {
            lag.blocker = self.oldest_writer().await?;
        }
        Ok(lag)
    }

    /// The oldest open writing transaction of the cluster, whichever database it works in.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn oldest_writer(&self) -> Result<Option<Blocker>, StoreError> {
        const ATTEMPTED: &str = "looking for the oldest writer";
        let row = sqlx::query(OLDEST_WRITER)
            .fetch_optional(self.database.pool())
            .await
            .map_err(|e| classify::store(ATTEMPTED, e))?;
        let Some(row) = row else { return Ok(None) };
        let read = || -> Result<Blocker, sqlx::Error> {
            Ok(Blocker {
                pid: row.try_get("pid")?,
                database: row
                    .try_get::<Option<String>, _>("database")?
                    .unwrap_or_default(),
                // Other roles' sessions show no state to a role that may not see them.
                state: row
                    .try_get::<Option<String>, _>("state")?
                    .unwrap_or_else(|| "hidden".into()),
                age: row
                    .try_get::<Option<f64>, _>("seconds")?
                    .map(seconds)
                    .unwrap_or_default(),
            })
        };
        read().map(Some).map_err(|e| classify::store(ATTEMPTED, e))
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default()
}
