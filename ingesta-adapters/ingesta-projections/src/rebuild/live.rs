//! The pause of the live view: its subscription's lease, taken from whoever has it.
//!
//! Its follower learns of that with its next write, which does not take place, and stands by; if
//! this process dies meanwhile, the lease runs out and the follower goes on. Readers notice
//! nothing but that the view stands still for a moment.

use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::subscription::Lease;
use ingesta_event_store::{Database, Position};
use sqlx::Row as _;

use super::RebuildError;
use super::build::Ground;
use super::keep::Kept;

/// How long the view stands still at most if this process dies in the pause.
const PAUSE_MAX: Duration = Duration::from_secs(5);

const MAKE: &str = "
insert into ingesta_subscriptions (name, system_identifier)
select $1, system_identifier from pg_control_system()
on conflict do nothing";

const TAKE: &str = "
update ingesta_subscriptions
   set owner = $2, epoch = epoch + 1,
       expires_at = clock_timestamp() + $3::bigint * interval '1 millisecond'
 where name = $1
returning epoch, xact::text as xact, position";

/// Takes the lease of the live subscription, by force; makes the subscription if there is none.
pub(crate) async fn pause(ground: &Arc<Ground>, name: &str) -> Result<Kept, RebuildError> {
    let failed = |e| Database::failure("pausing the follower of a view", e);
    let pool = ground.database.pool();
    let make = sqlx::query(MAKE).bind(name).execute(pool).await;
    make.map_err(failed)?;
    let duration = ground.options.lease.min(PAUSE_MAX);
    let row = sqlx::query(TAKE)
        .bind(name)
        .bind(&ground.owner)
        .bind(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
        .fetch_one(pool)
        .await
        .map_err(failed)?;
    let read = || -> Result<(i64, Position), sqlx::Error> {
        let xact: String = row.try_get("xact")?;
        let xact = xact.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
        let position = Position::new(xact, row.try_get("position")?);
        Ok((row.try_get("epoch")?, position))
    };
    let (epoch, checkpoint) = read().map_err(failed)?;
    let lease = Lease {
        name: name.to_owned(),
        owner: ground.owner.clone(),
        epoch,
        duration,
        checkpoint,
    };
    Ok(Kept::new(&ground.storage, lease))
}
