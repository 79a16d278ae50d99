//! What the snapshot and aggregate stores of cqrs-es and postgres-es 0.5.0 do wrong, ours does
//! right: one test per defect.

use std::sync::Arc;

use cqrs_es::CqrsFramework;
use ingesta_event_store::{
    AppendError, CommandContext, Commands, CqrsEventStore, EventCodec, EventStorage,
    SnapshotStorage, Snapshots, StreamId,
};
use ingesta_testing::eventually;

use crate::support::{Add, Counter, Fixture, append};

fn counters(fixture: &Fixture, snapshots: &Snapshots<Counter>) -> Commands<Counter> {
    let commands = fixture.counters().with_cache(0);
    commands.with_snapshots(snapshots.clone())
}

async fn add(counters: &Commands<Counter>, numbers: &[i64]) -> u64 {
    let command = Add(numbers.to_vec());
    let ended = counters.execute("c", command, CommandContext::default());
    ended.await.unwrap().version
}

async fn taken(fixture: &Fixture, version: i64) {
    let sql = "select coalesce(max(version), 0) from ingesta_snapshots";
    eventually("the snapshot", async || {
        (fixture.number(sql).await == version).then_some(())
    })
    .await;
}

/// cqrs-es: `handle` applies through the sink, and `update_snapshot_with_events` applies again:
/// with snapshot size 4, adds of 1 to 6 made 25.
#[tokio::test]
async fn regression_events_are_applied_once_with_snapshots() {
    let fixture = Fixture::migrated().await;
    let ours = counters(&fixture, &Snapshots::every(4));
    for number in 1..=6 {
        add(&ours, &[number]).await;
        if number == 4 {
            taken(&fixture, 4).await;
        }
    }
    for state in [
        ours.load("c").await.unwrap().state,
        counters(&fixture, &Snapshots::every(4))
            .load("c")
            .await
            .unwrap()
            .state,
        fixture.counters().load("c").await.unwrap().state,
    ] {
        assert_eq!((state.sum, &state.seen[..]), (21, &[1, 2, 3, 4, 5, 6][..]));
    }
}

/// cqrs-es: the aggregate store applied every command's events twice: 10 and 1 made 22. Ours keeps
/// the state after every command and by either door.
#[tokio::test]
async fn regression_events_are_applied_once_by_a_store_of_states() {
    let fixture = Fixture::migrated().await;
    let ours = counters(&fixture, &Snapshots::every(1));
    add(&ours, &[10]).await;
    taken(&fixture, 1).await;
    let storage = Arc::new(fixture.storage.clone());
    let store = CqrsEventStore::new(storage, EventCodec::default());
    let framework = CqrsFramework::<Counter, _>::new(store, vec![], ());
    framework.execute("c", Add(vec![1])).await.unwrap();
    assert_eq!(ours.load("c").await.unwrap().state.sum, 11);
    add(&ours, &[1]).await;
    taken(&fixture, 3).await;
    assert_eq!(ours.load("c").await.unwrap().state.sum, 12);
}

/// postgres-es: the lock is looked at after the commit, so that the caller is told of a conflict
/// and the events stay.
#[tokio::test]
async fn regression_a_conflict_leaves_neither_events_nor_a_snapshot() {
    let fixture = Fixture::migrated().await;
    let ours = counters(&fixture, &Snapshots::every(1));
    add(&ours, &[1]).await;
    taken(&fixture, 1).await;
    let late = fixture.storage.append(append("c", 0, &[9, 9])).await;
    assert!(matches!(late, Err(AppendError::Conflict)), "{late:?}");
    assert_eq!(fixture.number("select count(*) from events").await, 1);
    assert_eq!(ours.load("c").await.unwrap().state.seen, [1]);
    taken(&fixture, 1).await;
}

/// postgres-es: after a snapshot that cannot be read the counter begins again at 1, in a second
/// row; which of the two counts is left to chance.
#[tokio::test]
async fn regression_an_unreadable_snapshot_is_replaced_and_stays_the_only_one() {
    let fixture = Fixture::migrated().await;
    let snapshots = Snapshots::every(2);
    let ours = counters(&fixture, &snapshots);
    add(&ours, &[1, 2]).await;
    taken(&fixture, 2).await;
    fixture
        .execute(r#"update ingesta_snapshots set payload = '{"sum": "gone"}'"#)
        .await;
    assert_eq!(add(&ours, &[3]).await, 3, "the version goes on");
    assert_eq!(add(&ours, &[4]).await, 4);
    taken(&fixture, 4).await;
    assert_eq!(
        fixture
            .number("select count(*) from ingesta_snapshots")
            .await,
        1
    );
    let (stream, schema) = (StreamId::of::<Counter>("c"), snapshots.schema().unwrap());
    let from = fixture.storage.load_from_snapshot(&stream, &schema).await;
    assert_eq!(from.unwrap().snapshot.unwrap().version, 4);
    assert_eq!(ours.load("c").await.unwrap().state.seen, [1, 2, 3, 4]);
}
