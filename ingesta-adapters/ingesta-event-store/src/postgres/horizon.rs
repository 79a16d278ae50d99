//! The clock, and which transactions are over: what questions about the past wait for.
//!
//! It takes no transaction id for itself, so that asking holds nobody up.

use sqlx::Row;

use super::{PostgresStorage, classify};
use crate::{Horizon, StoreError};

/// The clock is read before the counter of transactions: whoever took a time up to `now` had a
/// number by then, since the default of `events.xact` is computed before that of `recorded_at`.
/// The upper end of a snapshot follows the last transaction that *ended*, and open ones may be above
/// it; `age` counts on from there to the counter itself.
const HORIZON: &str = "
with clock as materialized (select clock_timestamp() as now)
select clock.now,
       pg_snapshot_xmin(pg_current_snapshot())::text as over,
       pg_snapshot_xmax(pg_current_snapshot())::text as next_to_end,
       age(pg_snapshot_xmax(pg_current_snapshot())::xid) as since,
       (select applied_at from ingesta_migrations where version = 1) as adopted_at
  from clock";

impl PostgresStorage {
    pub(super) async fn read_horizon(&self) -> Result<Horizon, StoreError> {
        let failed = |e| classify::store("reading the clock of the log", e);
        let row = sqlx::query(HORIZON)
            .fetch_one(self.database.pool())
            .await
            .map_err(failed)?;
        let number = |column: &str| -> Result<u64, sqlx::Error> {
            let text: String = row.try_get(column)?;
            text.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)))
        };
        let read = || -> Result<Horizon, sqlx::Error> {
            let since: i32 = row.try_get("since")?;
            let since = u64::try_from(since).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
            Ok(Horizon {
                now: row.try_get("now")?,
                over: number("over")?,
                begun: number("next_to_end")? + since,
                adopted_at: row.try_get("adopted_at")?,
            })
        };
        read().map_err(failed)
    }
}
