//! Does the log belong to the cluster that it is in?

use sqlx::{PgConnection, Row};

use super::classify;
use crate::StoreError;

/// Another identity, or an event of a transaction that this cluster has not had yet (what a
/// failover to a standby that lagged behind leaves).
const MOVED: &str = "
select c.system_identifier <> here.system_identifier
       or coalesce((select e.xact from events e order by e.xact desc, e.position desc limit 1)
                   >= pg_snapshot_xmax(pg_current_snapshot()), false) as moved
  from ingesta_cluster c, pg_control_system() here";

pub(super) async fn check(connection: &mut PgConnection) -> Result<(), StoreError> {
    let failed = |e| classify::store("looking whose log it is", e);
    let row = sqlx::query(MOVED)
        .fetch_one(connection)
        .await
        .map_err(failed)?;
    if row.try_get("moved").map_err(failed)? {
        return Err(StoreError::LogMoved);
    }
    Ok(())
}
