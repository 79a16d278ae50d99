//! Snapshots are a cache: with or without them, whatever becomes of them, states are the same.

mod any_history;
mod sealed;

use std::sync::Arc;

use ingesta_event_store::{
    CommandContext, Commands, EventCodec, Loaded, MemoryStorage, Snapshots, Storage, StoreError,
    StreamId,
};
use ingesta_testing::eventually;

use crate::support::{Add, Counter, CounterEvent, Fixture};

fn counters(storage: &Arc<dyn Storage>, snapshots: &Snapshots<Counter>) -> Commands<Counter> {
    let commands = Commands::new(Arc::clone(storage), EventCodec::default(), ());
    // Without memory every command loads, and so meets the snapshots.
    commands.with_cache(0).with_snapshots(snapshots.clone())
}

async fn add(counters: &Commands<Counter>, id: &str, numbers: &[i64]) {
    let command = Add(numbers.to_vec());
    let ended = counters.execute(id, command, CommandContext::default());
    ended.await.unwrap();
}

/// The truth: every event, from the first one on.
async fn folded(storage: &Arc<dyn Storage>, id: &str) -> Loaded<Counter> {
    let events = storage.load(&StreamId::of::<Counter>(id), 0).await.unwrap();
    Loaded::fold(&EventCodec::default(), &events).unwrap()
}

async fn agrees(counters: &Commands<Counter>, storage: &Arc<dyn Storage>, id: &str) {
    let (loaded, truth) = (counters.load(id).await.unwrap(), folded(storage, id).await);
    assert_eq!(loaded.state, truth.state);
    assert_eq!(
        (loaded.version, loaded.position),
        (truth.version, truth.position)
    );
}

/// Waits until there is a snapshot of this version.
async fn taken(storage: &Arc<dyn Storage>, snapshots: &Snapshots<Counter>, id: &str, at: u64) {
    let (stream, schema) = (StreamId::of::<Counter>(id), snapshots.schema().unwrap());
    eventually("a snapshot", async || {
        let from = storage.load_from_snapshot(&stream, &schema).await.unwrap();
        from.snapshot.filter(|snapshot| snapshot.version == at)
    })
    .await;
}

#[tokio::test]
async fn a_snapshot_is_taken_at_its_pace_and_folded_on_from() {
    let fixture = Fixture::migrated().await;
    let storage: Arc<dyn Storage> = Arc::new(fixture.storage.clone());
    let snapshots = Snapshots::every(4);
    let ours = counters(&storage, &snapshots);
    add(&ours, "c", &[1, 2, 3]).await;
    assert_eq!(
        fixture
            .number("select count(*) from ingesta_snapshots")
            .await,
        0
    );
    add(&ours, "c", &[4, 5]).await;
    taken(&storage, &snapshots, "c", 5).await;
    add(&ours, "c", &[6]).await;
    // It does count: a state that is not the truth shows.
    fixture
        .execute(r#"update ingesta_snapshots set payload = '{"sum": 1000, "seen": []}'"#)
        .await;
    assert_eq!(ours.load("c").await.unwrap().state.sum, 1006);
}

#[tokio::test]
async fn a_snapshot_that_does_not_fit_is_passed_over() {
    let fixture = Fixture::migrated().await;
    let storage: Arc<dyn Storage> = Arc::new(fixture.storage.clone());
    let snapshots = Snapshots::every(3);
    let ours = counters(&storage, &snapshots);
    let wrong = r#"payload = '{"sum": 1000, "seen": []}'"#;
    for (case, tampered) in [
        "payload = '{\"sum\": \"many\"}'".to_owned(),
        "payload = '[]'".to_owned(),
        format!("{wrong}, version = 100"),
        format!("{wrong}, version = 1"),
        format!("{wrong}, position = position + 100"),
        format!("{wrong}, xact = '3'"),
        format!("{wrong}, schema_hash = '\\x00'"),
    ]
    .iter()
    .enumerate()
    {
        let id = format!("c{case}");
        add(&ours, &id, &[1, 2, 3]).await;
        taken(&storage, &snapshots, &id, 3).await;
        let only = format!("where aggregate_id = '{id}'");
        fixture
            .execute(&format!("update ingesta_snapshots set {tampered} {only}"))
            .await;
        agrees(&ours, &storage, &id).await;
        // And the next one stands in its place, whatever it said of itself.
        add(&ours, &id, &[4, 5, 6]).await;
        taken(&storage, &snapshots, &id, 6).await;
        agrees(&ours, &storage, &id).await;
    }
}

#[tokio::test]
async fn a_rebase_makes_snapshots_begin_anew() {
    let fixture = Fixture::migrated().await;
    let storage: Arc<dyn Storage> = Arc::new(fixture.storage.clone());
    let snapshots = Snapshots::every(2);
    let ours = counters(&storage, &snapshots);
    add(&ours, "c", &[1, 2]).await;
    taken(&storage, &snapshots, "c", 2).await;
    fixture.database.rebase().await.unwrap();
    assert_eq!(
        fixture
            .number("select count(*) from ingesta_snapshots")
            .await,
        0
    );
    agrees(&ours, &storage, "c").await;
    add(&ours, "c", &[3, 4]).await;
    taken(&storage, &snapshots, "c", 4).await;
    agrees(&ours, &storage, "c").await;
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_kept_is_nobodys_failure() {
    let memory = MemoryStorage::new();
    let storage: Arc<dyn Storage> = Arc::new(memory.clone());
    let snapshots = Snapshots::every(1);
    let ours = counters(&storage, &snapshots);
    memory.faults().fail_keep_snapshot(StoreError::Unavailable {
        attempted: "testing",
        cause: "a fault on order".into(),
    });
    add(&ours, "c", &[1]).await;
    add(&ours, "c", &[2]).await;
    agrees(&ours, &storage, "c").await;
    taken(&storage, &snapshots, "c", 2).await;
}

#[tokio::test]
async fn code_with_another_schema_folds_the_stream_itself() {
    let fixture = Fixture::migrated().await;
    let storage: Arc<dyn Storage> = Arc::new(fixture.storage.clone());
    let first = Snapshots::every(2);
    let before = counters(&storage, &first);
    add(&before, "c", &[1, 2]).await;
    taken(&storage, &first, "c", 2).await;
    fixture
        .execute(r#"update ingesta_snapshots set payload = '{"sum": 1000, "seen": []}'"#)
        .await;
    let event = CounterEvent::Added { number: 1 };
    for other in [
        Snapshots::every(2).version(2),
        Snapshots::every(2).probed_by(vec![vec![event]]),
    ] {
        agrees(&counters(&storage, &other), &storage, "c").await;
    }
    assert_eq!(before.load("c").await.unwrap().state.sum, 1000);
}
