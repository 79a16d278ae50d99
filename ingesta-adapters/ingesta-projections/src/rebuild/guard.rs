//! One rebuild and one verification of a projection at a time: taking the lease, waiting for a dead
//! holder's to run out.
//!
//! A holder that lives renews its lease; one that was killed does not. So the first look at the
//! lease tells when it runs out, and only a later look tells whether it was renewed.

use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::StoreError;

use super::RebuildError;
use super::build::Ground;
use super::keep::Kept;
use super::names::Names;
use super::progress::RebuildPhase;

/// How often the lease of a holder that may be dead is asked for.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Takes the lease of a build, or says who has it. Told to stop, it ends between two asks: who
/// dropped an ask would not know whether it has taken the lease.
pub(crate) async fn take(ground: &Arc<Ground>, names: &Names) -> Result<Kept, RebuildError> {
    let (storage, progress) = (&ground.storage, &ground.progress);
    let mut first_seen = None;
    loop {
        let name = &names.subscription;
        let lease = storage.acquire(name, &ground.owner, ground.options.lease);
        if let Some(lease) = lease.await? {
            return Ok(Kept::new(storage, lease));
        }
        let all = storage.subscriptions().await?;
        let held = all.into_iter().find(|status| status.name == *name);
        let held = held.and_then(|status| Some((status.owner?, status.expires_at?)));
        let Some((holder, until)) = held else {
            // Given back between the two looks.
            continue;
        };
        let seen = first_seen.get_or_insert_with(|| {
            progress.phase(RebuildPhase::Waiting, Some(&names.projection));
            let projection = &names.projection;
            let work = names.purpose.noun();
            progress.note(format!(
                "another {work} of {projection} has the lease until {until}: waiting whether it \
                 is renewed"
            ));
            (holder.clone(), until)
        });
        if *seen != (holder.clone(), until) {
            return Err(RebuildError::Running {
                work: names.purpose.noun(),
                projection: names.projection.clone(),
                owner: holder,
                until,
            });
        }
        ground.rest(LOOK_AGAIN).await?;
    }
}

/// What a lost lease means to a build.
pub(crate) fn taken_over(names: &Names, error: StoreError) -> RebuildError {
    if matches!(error, StoreError::LeaseLost { .. }) {
        let projection = names.projection.clone();
        return RebuildError::TakenOver { projection };
    }
    RebuildError::Store(error)
}
