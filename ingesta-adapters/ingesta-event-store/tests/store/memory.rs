//! The in-memory store keeps the contract of every store, and its knobs do what they say.

use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::{
    Append, AppendError, EventStorage, MemoryStorage, NewEvent, Storage, StoreError, StreamAppend,
    StreamId, SubscriptionStorage,
};
use ingesta_testing::contract;

fn memory() -> Arc<dyn Storage> {
    Arc::new(MemoryStorage::new())
}

#[tokio::test]
async fn appending_keeps_the_contract() {
    contract::append_contract(memory()).await;
}

#[tokio::test]
async fn the_log_keeps_the_contract() {
    contract::log_contract(memory()).await;
}

#[tokio::test]
async fn commands_keep_the_contract() {
    contract::command_contract(memory()).await;
}

#[tokio::test]
async fn subscriptions_keep_the_contract() {
    contract::subscription_contract(memory()).await;
}

#[tokio::test]
async fn snapshots_keep_the_contract() {
    contract::snapshot_contract(memory()).await;
}

#[tokio::test]
async fn the_past_keeps_the_contract() {
    contract::moment_contract(memory()).await;
}

fn one_event() -> Append {
    let event = NewEvent {
        event_type: "Happened".into(),
        event_version: "1.0".into(),
        payload: "{}".into(),
        metadata: "{}".into(),
    };
    let stream = StreamId::new("thing", "1");
    let streams = vec![StreamAppend {
        stream,
        expected_version: 0,
        events: vec![event],
    }];
    Append {
        streams,
        command: None,
    }
}

fn away() -> StoreError {
    StoreError::Unavailable {
        attempted: "testing",
        cause: "a fault on order".into(),
    }
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_event_is_stored() {
    let store = MemoryStorage::new();
    store.faults().lose_append_answer(away());
    let lost = store.append(one_event()).await;
    assert!(matches!(lost, Err(AppendError::Unknown(_))), "{lost:?}");
    let again = store.append(one_event()).await;
    assert!(
        matches!(again, Err(AppendError::Conflict)),
        "it was stored: {again:?}"
    );
}

#[tokio::test]
async fn an_append_that_fails_on_order_stores_nothing() {
    let store = MemoryStorage::new();
    store.faults().fail_append(AppendError::NotStored(away()));
    assert!(store.append(one_event()).await.is_err());
    assert!(
        store.append(one_event()).await.is_ok(),
        "faults are delivered once"
    );
}

#[tokio::test]
async fn a_lease_runs_out_when_the_clock_is_pushed_on() {
    let store = MemoryStorage::new();
    let hour = Duration::from_secs(3600);
    assert!(store.acquire("s", "first", hour).await.unwrap().is_some());
    assert!(store.acquire("s", "second", hour).await.unwrap().is_none());
    store.clock().advance(hour);
    assert!(store.acquire("s", "second", hour).await.unwrap().is_some());
}
