//! A log that was carried into another database cluster: refused, then rebased.

use std::time::Duration;

use ingesta_event_store::subscription::{Commit, Lease, Park, ParkReason};
use ingesta_event_store::{
    AppendError, EventStorage, Position, PostgresStorage, StoreError, StreamId, SubscriptionStorage,
};

use crate::support::{Counter, Fixture, append, page, seen_now, stamp};

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
             update ingesta_cluster set system_identifier = system_identifier - 1;
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

/// What a restore into another cluster leaves behind, with a named command and a parked stream.
async fn restored() -> (Fixture, Vec<String>) {
    let (fixture, mut ids) = followed().await;
    let mut named = append("named", 0, &[1, 2]);
    named.command = stamp("named", b"x");
    fixture.storage.append(named).await.unwrap();
    ids.extend(["Counter/named/1".to_owned(), "Counter/named/2".to_owned()]);
    let log = page(&fixture.storage, Position::START).await.events;
    let lease = acquire(&fixture, "middle").await.unwrap().unwrap();
    let parked = Park {
        stream: log[1].stream.clone(),
        sequence: log[1].sequence,
        position: log[1].position,
        reason: ParkReason {
            code: "odd".to_owned(),
            message: String::new(),
        },
        attempts: 1,
        retry_after: None,
    };
    let commit = Commit {
        park: vec![parked],
        ..Commit::default()
    };
    fixture.storage.commit(&lease, commit).await.unwrap();
    fixture.storage.release(&lease).await.unwrap();
    fixture
        .execute(
            "update events set xact = (xact::text::bigint + 4000000000)::text::xid8;
             update ingesta_parked_streams
                set xact = (xact::text::bigint + 4000000000)::text::xid8;
             update ingesta_subscriptions
                set xact = (xact::text::bigint + 4000000000)::text::xid8,
                    system_identifier = system_identifier - 1;
             update ingesta_cluster set system_identifier = system_identifier - 1",
        )
        .await;
    (fixture, ids)
}

#[tokio::test]
async fn nothing_is_appended_to_a_log_of_another_cluster() {
    let (fixture, ids) = restored().await;
    let elsewhere = fixture.another().await;
    match elsewhere.append(append("new", 0, &[1])).await {
        Err(AppendError::NotStored(StoreError::LogMoved)) => {}
        other => panic!("{other:?}"),
    }
    let checked = fixture.database.check_cluster().await;
    assert!(matches!(checked, Err(StoreError::LogMoved)), "{checked:?}");
    fixture.database.rebase().await.unwrap();
    fixture.database.check_cluster().await.unwrap();
    elsewhere.append(append("new", 0, &[1])).await.unwrap();
    assert_eq!(
        ids_after(&fixture, Position::START).await.len(),
        ids.len() + 1
    );
}

#[tokio::test]
async fn a_rebase_carries_parked_streams_along_and_commands_are_still_known() {
    let (fixture, ids) = restored().await;
    fixture.database.rebase().await.unwrap();
    assert_eq!(ids_after(&fixture, Position::START).await, ids);
    let log = page(&fixture.storage, Position::START).await.events;
    let parked = fixture.storage.parked("middle").await.unwrap();
    assert_eq!(parked[0].position, log[1].position);

    let (_, outcome) = fixture.storage.command("named").await.unwrap().unwrap();
    assert_eq!(outcome.streams, [(StreamId::of::<Counter>("named"), 2)]);
    assert_eq!(outcome.position, log[7].position);
}

#[tokio::test]
async fn a_rebase_refuses_a_log_that_was_written_to_after_the_restore() {
    let (fixture, _) = restored().await;
    // Plain postgres-es does not ask whose log it is.
    fixture
        .execute(
            "insert into events (aggregate_type, aggregate_id, sequence, event_type,
                                 event_version, payload, metadata)
             values ('Counter', 'a', 3, 'Added', '1', '{}', '{}')",
        )
        .await;
    let refused = fixture.database.rebase().await;
    assert!(
        matches!(refused, Err(StoreError::OrderViolated { sequence: 3, .. })),
        "{refused:?}"
    );
    let checked = fixture.database.check_cluster().await;
    assert!(
        matches!(checked, Err(StoreError::LogMoved)),
        "nothing was changed: {checked:?}"
    );
}

#[tokio::test]
async fn two_databases_of_one_cluster_are_two_logs_and_a_log_is_the_same_for_everybody() {
    let (one, two) = (Fixture::migrated().await, Fixture::migrated().await);
    let again = PostgresStorage::new(one.storage.database().clone());
    let identity = one.storage.identity().await.unwrap();
    assert_eq!(identity, again.identity().await.unwrap());
    assert_ne!(identity, two.storage.identity().await.unwrap());
    let short = identity.len() == 16 && identity.chars().all(|c| c.is_ascii_hexdigit());
    assert!(short, "{identity}");
}
