//! What leases promise: one owner at a time, a new one when the old one is gone, and no write by
//! an owner that was replaced.

use std::time::Duration;

use ingesta_event_store::subscription::{Commit, Lease};
use ingesta_event_store::{Position, Storage, StoreError};

use super::sample::{LONG, acquired, commit, park, stream};
use crate::eventually;

/// Short, so that it runs out while a check waits for that.
const SHORT: Duration = Duration::from_millis(200);

pub(super) async fn a_subscription_that_never_ran_has_no_checkpoint(storage: &dyn Storage) {
    assert_eq!(
        storage
            .checkpoint("never ran")
            .await
            .expect("the store answers"),
        None
    );
    assert!(
        storage
            .parked("never ran")
            .await
            .expect("the store answers")
            .is_empty()
    );
}

pub(super) async fn a_lease_is_exclusive_and_given_back(storage: &dyn Storage) {
    let name = "exclusive";
    let first = acquired(storage, name).await;
    assert_eq!((first.name.as_str(), first.owner.as_str()), (name, "first"));
    assert_eq!(
        first.checkpoint,
        Position::START,
        "a new subscription is at the start"
    );
    let second = storage
        .acquire(name, "second", LONG)
        .await
        .expect("the store answers");
    assert_eq!(second, None, "a lease has one owner");

    let checkpoint = Position::new(9, 9);
    commit(
        storage,
        &first,
        Commit {
            checkpoint: Some(checkpoint),
            ..Commit::default()
        },
    )
    .await;
    storage.release(&first).await.expect("the store answers");
    // Given back, and nobody else's yet: the old holder has nothing left to write with.
    cannot_write(storage, &first).await;
    let second = storage
        .acquire(name, "second", LONG)
        .await
        .expect("the store answers");
    let second = second.expect("a lease that was given back is free at once");
    assert_eq!(
        second.checkpoint, checkpoint,
        "the next owner goes on from the checkpoint"
    );
    assert!(
        second.epoch > first.epoch,
        "the epoch grows with every owner"
    );
    cannot_write(storage, &first).await;
    storage
        .release(&first)
        .await
        .expect("releasing a lost lease is no error");
    let third = storage
        .acquire(name, "third", LONG)
        .await
        .expect("the store answers");
    assert_eq!(third, None, "releasing a lost lease does not free it");
}

pub(super) async fn a_lease_that_ran_out_is_taken_over(storage: &dyn Storage) {
    let name = "takeover";
    let first = storage
        .acquire(name, "first", SHORT)
        .await
        .expect("the store answers");
    let first = first.expect("nobody else runs this subscription");
    let second = eventually("the lease to run out", async || {
        storage
            .acquire(name, "second", LONG)
            .await
            .expect("the store answers")
    });
    let second = second.await;
    assert!(
        second.epoch > first.epoch,
        "the epoch grows with every owner"
    );
    cannot_write(storage, &first).await;
    commit(storage, &second, Commit::default()).await;
}

pub(super) async fn a_commit_renews_the_lease(storage: &dyn Storage) {
    let name = "renewal";
    let short = storage
        .acquire(name, "first", SHORT)
        .await
        .expect("the store answers");
    let lease = Lease {
        duration: LONG,
        ..short.expect("nobody else runs this subscription")
    };
    commit(storage, &lease, Commit::default()).await;
    let status = status(storage, name).await;
    assert!(status.running, "a heartbeat renews the lease");
    assert_eq!(
        status.checkpoint,
        Position::START,
        "and does not move the checkpoint"
    );
    let other = storage
        .acquire(name, "second", LONG)
        .await
        .expect("the store answers");
    assert_eq!(other, None, "a renewed lease is not free");
}

pub(super) async fn subscriptions_are_listed(storage: &dyn Storage) {
    let lease = acquired(storage, "listed").await;
    let running = status(storage, "listed").await;
    assert!(running.running && !running.cluster_changed);
    assert_eq!(running.owner.as_deref(), Some("first"));
    assert_eq!((running.epoch, running.parked), (lease.epoch, 0));
    let park = vec![park(&stream("listed"), 1, None)];
    commit(
        storage,
        &lease,
        Commit {
            park,
            ..Commit::default()
        },
    )
    .await;
    assert_eq!(status(storage, "listed").await.parked, 1);
    storage.release(&lease).await.expect("the store answers");
    let released = status(storage, "listed").await;
    assert_eq!(
        (released.running, released.owner),
        (false, None),
        "nobody runs it any more"
    );
}

async fn status(
    storage: &dyn Storage,
    name: &str,
) -> ingesta_event_store::subscription::SubscriptionStatus {
    let all = storage.subscriptions().await.expect("the store answers");
    assert!(
        all.is_sorted_by(|a, b| a.name < b.name),
        "subscriptions are listed by name"
    );
    all.into_iter()
        .find(|status| status.name == name)
        .expect("it is listed once it ran")
}

/// Nothing of a commit with an old lease takes place.
async fn cannot_write(storage: &dyn Storage, old: &Lease) {
    let before = storage
        .checkpoint(&old.name)
        .await
        .expect("the store answers");
    let late = Commit {
        checkpoint: Some(Position::new(99, 99)),
        park: vec![park(&stream("late"), 1, None)],
        ..Commit::default()
    };
    let refused = storage.commit(old, late).await;
    assert!(
        matches!(refused, Err(StoreError::LeaseLost { .. })),
        "{refused:?}"
    );
    let after = storage
        .checkpoint(&old.name)
        .await
        .expect("the store answers");
    assert_eq!(
        before, after,
        "an owner that was replaced does not move the checkpoint"
    );
    assert!(
        storage
            .parked(&old.name)
            .await
            .expect("the store answers")
            .is_empty()
    );
}
