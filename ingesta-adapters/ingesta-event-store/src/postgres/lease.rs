//! Taking and giving back the lease of a subscription, on the database's clock.
//!
//! A lease is a row, not a session lock: it outlives no owner and needs no connection of its own.
//! Its epoch grows with every change of owner, and every write of an owner checks it.

use std::time::Duration;

use sqlx::Row;

use super::row::position;
use super::{PostgresStorage, classify};
use crate::subscription::Lease;
use crate::{Position, StoreError};

const MAKE: &str = "
insert into ingesta_subscriptions (name, system_identifier)
select $1, system_identifier from pg_control_system()
on conflict do nothing";

/// Nobody's, or run out: then it is ours, if the checkpoint belongs
/// to this cluster and is no place in a future that this cluster has not had.
const TAKE: &str = "
update ingesta_subscriptions s
   set owner = $2, epoch = epoch + 1,
       expires_at = clock_timestamp() + $3::bigint * interval '1 millisecond'
 where name = $1
   and (owner is null or expires_at is null or expires_at < clock_timestamp())
   and system_identifier = (select system_identifier from pg_control_system())
   and xact < pg_snapshot_xmax(pg_current_snapshot())
returning epoch, xact::text as xact_text, position";

const STATE: &str = "
select system_identifier <> (select system_identifier from pg_control_system())
       or xact >= pg_snapshot_xmax(pg_current_snapshot()) as cluster_changed
  from ingesta_subscriptions where name = $1";

const RELEASE: &str = "
update ingesta_subscriptions set owner = null, expires_at = null where name = $1 and epoch = $2";

impl PostgresStorage {
    pub(super) async fn acquire_lease(
        &self,
        name: &str,
        owner: &str,
        duration: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        const ATTEMPTED: &str = "taking a lease";
        let failed = |e| classify::store(ATTEMPTED, e);
        let pool = self.database.pool();
        let state = sqlx::query(STATE)
            .bind(name)
            .fetch_optional(pool)
            .await
            .map_err(failed)?;
        match state {
            None => {
                sqlx::query(MAKE)
                    .bind(name)
                    .execute(pool)
                    .await
                    .map_err(failed)?;
            }
            Some(row) if row.try_get("cluster_changed").map_err(failed)? => {
                return Err(StoreError::ClusterChanged {
                    subscription: name.to_owned(),
                });
            }
            Some(_) => {}
        }
        let taken = sqlx::query(TAKE)
            .bind(name)
            .bind(owner)
            .bind(milliseconds(duration))
            .fetch_optional(pool)
            .await
            .map_err(failed)?;
        let Some(row) = taken else { return Ok(None) };
        let read = || -> Result<(i64, Position), sqlx::Error> {
            Ok((
                row.try_get("epoch")?,
                position(&row, "xact_text", "position")?,
            ))
        };
        let (epoch, checkpoint) = read().map_err(failed)?;
        Ok(Some(Lease {
            name: name.to_owned(),
            owner: owner.to_owned(),
            epoch,
            duration,
            checkpoint,
        }))
    }

    pub(super) async fn release_lease(&self, lease: &Lease) -> Result<(), StoreError> {
        sqlx::query(RELEASE)
            .bind(&lease.name)
            .bind(lease.epoch)
            .execute(self.database.pool())
            .await
            .map(|_| ())
            .map_err(|e| classify::store("giving a lease back", e))
    }
}

pub(super) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
