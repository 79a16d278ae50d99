//! The twin in memory, under the same runner.

use std::sync::Arc;

use ingesta_event_store::{EventStorage, MemoryStorage, StoreError};
use ingesta_projections::MemoryView;

use crate::accounts::{balances, deposit, folded};
use crate::changes::{Closures, Tally};
use crate::place::{Following, quick};

fn away() -> StoreError {
    StoreError::Unavailable {
        attempted: "testing",
        cause: "cut".into(),
    }
}

#[tokio::test]
async fn a_view_in_memory_follows_the_log() {
    let storage = Arc::new(MemoryStorage::new());
    let view = Arc::new(MemoryView::new(balances()));
    let following = Following::spawn(storage.clone(), view.clone(), quick());
    for version in 0..10 {
        deposit(&*storage, "a", version, &[2]).await.unwrap();
    }
    following.reaches(storage.head().await.unwrap()).await;
    let row = view.get("a").unwrap().unwrap();
    assert_eq!(row.state, folded(&*storage, "a").await);
    assert_eq!(view.all().unwrap().len(), 1);
    following.stop().await;
}

#[tokio::test]
async fn failed_commits_and_lost_answers_neither_lose_nor_double() {
    let storage = Arc::new(MemoryStorage::new());
    let view = Arc::new(MemoryView::new(Closures::tally()));
    let following = Following::spawn(storage.clone(), view.clone(), quick());
    for version in 0..60 {
        match version % 3 {
            0 => storage.faults().lose_commit_answer(away()),
            1 => storage.faults().fail_commit(away()),
            _ => {}
        }
        deposit(&*storage, "a", version, &[1]).await.unwrap();
        following.reaches(storage.head().await.unwrap()).await;
    }
    let row = view.get("a").unwrap().unwrap();
    assert_eq!(
        (row.version, row.state),
        (
            60,
            Tally {
                events: 60,
                sum: 60
            }
        )
    );
    following.stop().await;
}
