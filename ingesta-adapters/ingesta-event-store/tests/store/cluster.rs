//! A log that was carried into another database cluster: refused, then rebased.

use std::time::Duration;

use ingesta_event_store::subscription::{Commit, Lease};
use ingesta_event_store::{EventStorage, Position, StoreError, SubscriptionStorage};

use crate::support::{Fixture, append, page, seen_now};

const LEASE: Duration = Duration::from_secs(5);

/// Two subscriptions, one in the middle of a log of six events, one at its end.
async fn followed() -> (Fixture, Vec<String>) {
    let fixture = Fixture::migrated().await;
    for id in ["a", "b", "c"] {
        fixture.storage.append(append(id, 0, &[1])).await.unwrap();
        fixture.storage.append(append(id, 1, &[2])).await.unwrap();
    }
    let log = page(&fixture.storage, Position::START).await.events;
    for (name, checkpoint) in [("middle", log[2].position), ("end", log[5].position)] {
        let lease = fixture
            .storage
            .acquire(name, "me", LEASE)
            .await
            .unwrap()
            .unwrap();
        let commit = Commit {
            checkpoint: Some(checkpoint),
            ..Commit::default()
        };
        fixture.storage.commit(&lease, commit).await.unwrap();
        fixture.storage.release(&lease).await.unwrap();
    }
    let ids = log
        .iter()
        .map(ingesta_event_store::RecordedEvent::id)
        .collect();
    (fixture, ids)
}

async fn acquire(fixture: &Fixture, name: &str) -> Result<Option<Lease>, StoreError> {
    fixture.storage.acquire(name, "me", LEASE).await
}

async fn ids_after(fixture: &Fixture, after: Position) -> Vec<String> {
    page(&fixture.storage, after)
        .await
        .events
        .iter()
        .map(|e| e.id())
        .collect()
}

#[tokio::test]
async fn another_clusters_checkpoint_is_refused_until_rebased() {
    let (fixture, ids) = followed().await;
    // What a restore into another cluster looks like: foreign transaction ids, some of them
    // beyond this cluster's horizon, and a foreign identity beside the checkpoints.
    fixture
        .execute(
            "update events set xact = (xact::text::bigint + 4000000000)::text::xid8;
             update ingesta_subscriptions
                set system_identifier = system_identifier - 1,
                    xact = (xact::text::bigint + 4000000000)::text::xid8",
        )
        .await;
    let hidden = seen_now(&fixture.storage, Position::START).await;
    assert!(hidden.events.is_empty(), "hidden beyond the horizon");
    for name in ["middle", "end"] {
        let refused = acquire(&fixture, name).await;
        assert!(
            matches!(refused, Err(StoreError::ClusterChanged { .. })),
            "{refused:?}"
        );
    }
    assert!(
        fixture
            .storage
            .subscriptions()
            .await
            .unwrap()
            .iter()
            .all(|s| s.cluster_changed)
    );

    let rebased = fixture.database.rebase().await.unwrap();
    assert_eq!((rebased.events, rebased.subscriptions), (6, 2));

    assert_eq!(
        ids_after(&fixture, Position::START).await,
        ids,
        "the old order is kept"
    );
    let middle = acquire(&fixture, "middle").await.unwrap().unwrap();
    assert_eq!(ids_after(&fixture, middle.checkpoint).await, ids[3..]);
    let end = acquire(&fixture, "end").await.unwrap().unwrap();
    assert_eq!(ids_after(&fixture, end.checkpoint).await, [""; 0]);

    let next = fixture.storage.append(append("d", 0, &[1])).await.unwrap();
    assert_eq!(ids_after(&fixture, end.checkpoint).await, ["Counter/d/1"]);
    assert!(next.position > end.checkpoint);
}

#[tokio::test]
async fn a_checkpoint_in_the_future_of_this_cluster_is_refused() {
    let (fixture, _) = followed().await;
    // What a failover to a standby that lagged behind looks like: same identity, younger ids.
    fixture
        .execute("update ingesta_subscriptions set xact = '4000000000' where name = 'end'")
        .await;
    let refused = acquire(&fixture, "end").await;
    assert!(
        matches!(refused, Err(StoreError::ClusterChanged { .. })),
        "{refused:?}"
    );
    assert!(acquire(&fixture, "middle").await.unwrap().is_some());
}

#[tokio::test]
async fn a_rebase_waits_for_nobody_and_refuses_while_somebody_runs() {
    let (fixture, ids) = followed().await;
    let lease = acquire(&fixture, "middle").await.unwrap().unwrap();
    match fixture.database.rebase().await {
        Err(StoreError::Busy { subscription }) => assert_eq!(subscription, "middle"),
        other => panic!("{other:?}"),
    }
    fixture.storage.release(&lease).await.unwrap();
    fixture.database.rebase().await.unwrap();
    // An owner from before the rebase writes nothing any more.
    let late = Commit {
        checkpoint: Some(lease.checkpoint),
        ..Commit::default()
    };
    let refused = fixture.storage.commit(&lease, late).await;
    assert!(
        matches!(refused, Err(StoreError::LeaseLost { .. })),
        "{refused:?}"
    );
    assert_eq!(ids_after(&fixture, Position::START).await, ids);
}
