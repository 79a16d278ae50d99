//! What an operator sees: every subscription and how it stands.

use sqlx::Row;
use sqlx::postgres::PgRow;

use super::row::{position, unsigned};
use super::{PostgresStorage, classify};
use crate::subscription::SubscriptionStatus;
use crate::{Position, StoreError};

const SUBSCRIPTIONS: &str = "
select s.name, s.xact::text as xact_text, s.position, s.owner, s.epoch, s.expires_at, s.moved_at,
       coalesce(s.owner is not null and s.expires_at > clock_timestamp(), false) as running,
       (select count(*) from ingesta_parked_streams p where p.subscription = s.name) as parked,
       s.system_identifier <> c.system_identifier
         or s.xact >= pg_snapshot_xmax(pg_current_snapshot()) as cluster_changed
  from ingesta_subscriptions s, pg_control_system() c
 order by s.name";

impl PostgresStorage {
    pub(super) async fn list_subscriptions(&self) -> Result<Vec<SubscriptionStatus>, StoreError> {
        const ATTEMPTED: &str = "listing subscriptions";
        let rows = sqlx::query(SUBSCRIPTIONS)
            .fetch_all(self.database.pool())
            .await
            .map_err(|e| classify::store(ATTEMPTED, e))?;
        let read: Result<Vec<_>, _> = rows.iter().map(status).collect();
        read.map_err(|e| classify::store(ATTEMPTED, e))
    }

    pub(super) async fn stored_checkpoint(
        &self,
        name: &str,
    ) -> Result<Option<Position>, StoreError> {
        const ATTEMPTED: &str = "reading a checkpoint";
        let row = sqlx::query(
            "select xact::text as xact_text, position from ingesta_subscriptions where name = $1",
        )
        .bind(name)
        .fetch_optional(self.database.pool())
        .await
        .map_err(|e| classify::store(ATTEMPTED, e))?;
        let checkpoint = row
            .map(|row| position(&row, "xact_text", "position"))
            .transpose();
        checkpoint.map_err(|e| classify::store(ATTEMPTED, e))
    }
}

fn status(row: &PgRow) -> Result<SubscriptionStatus, sqlx::Error> {
    Ok(SubscriptionStatus {
        name: row.try_get("name")?,
        checkpoint: position(row, "xact_text", "position")?,
        owner: row.try_get("owner")?,
        epoch: row.try_get("epoch")?,
        expires_at: row.try_get("expires_at")?,
        running: row.try_get("running")?,
        parked: unsigned(row, "parked")?,
        moved_at: row.try_get("moved_at")?,
        cluster_changed: row.try_get("cluster_changed")?,
    })
}
