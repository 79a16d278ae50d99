//! One rebuild of a projection at a time; an interrupted one is gone on with by the same program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ingesta_event_store::SubscriptionStorage;
use ingesta_projections::{Change, RebuildError, RebuildPhase, RebuildProgress};
use ingesta_testing::eventually;

use super::{fresh, holding, nothing_is_left, number, rebuild, rows};
use crate::accounts::{balances, deposit};
use crate::changes::{Closures, add};
use crate::place::Place;

async fn place_with_events() -> Place {
    let place = Place::new().await;
    for account in 0..50 {
        let name = format!("acc-{account:02}");
        deposit(&*place.storage, &name, 0, &[1, 2]).await.unwrap();
    }
    place
}

#[tokio::test]
async fn a_second_rebuild_beside_one_that_lives_is_refused() {
    let place = place_with_events().await;
    let lease = place
        .storage
        .acquire("balance-v1.rebuild", "somebody", Duration::from_secs(1))
        .await
        .unwrap()
        .unwrap();
    let storage = place.storage.clone();
    let renewals = tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        loop {
            ticks.tick().await;
            let renewal = ingesta_event_store::subscription::Commit::default();
            storage.commit(&lease, renewal).await.unwrap();
        }
    });
    let refused = rebuild(&place).await.with(balances()).run().await;
    let Err(RebuildError::Running { owner, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(owner, "somebody");

    // Dead, it is waited for, and that is said.
    renewals.abort();
    let rebuild = rebuild(&place).await.with(balances());
    let progress = rebuild.progress();
    rebuild.run().await.unwrap();
    let note = progress.borrow().note.clone().unwrap();
    assert!(note.contains("waiting"), "{note}");
    nothing_is_left(&place).await;
}

/// Ends a rebuild as a kill does, when only its swap is left to do.
async fn killed_at_the_swap(place: &Place) {
    place.subscriber(balances()).prepare().await.unwrap();
    let reader = holding(place, "balance_v1", "access share").await;
    let rebuild = rebuild(place).await.with(balances());
    let mut progress = rebuild.progress();
    let task = tokio::spawn(rebuild.run());
    let there = |progress: &RebuildProgress| progress.phase == RebuildPhase::Swapping;
    progress.wait_for(there).await.unwrap();
    task.abort();
    assert!(task.await.is_err(), "it was over");
    // A try that was under way ends in vain before the reader does.
    let tries = "select count(*) from pg_stat_activity where datname = current_database()
                  and state = 'active' and query like 'do $fenced$%'";
    eventually("the end of the try", async || {
        (number(place, tries).await == 0).then_some(())
    })
    .await;
    reader.rollback().await.unwrap();
}

#[tokio::test]
async fn another_program_begins_anew() {
    let place = place_with_events().await;
    killed_at_the_swap(&place).await;
    place
        .sql(
            "update ingesta_rebuilds set made_by = 'another program';
             delete from balance_v1__rebuild where view_id < 'acc-25'",
        )
        .await;
    let rebuild = rebuild(&place).await.with(balances());
    let mut progress = rebuild.progress();
    let notes = tokio::spawn(async move {
        let mut notes = Vec::new();
        while progress.changed().await.is_ok() {
            notes.extend(progress.borrow_and_update().note.clone());
        }
        notes
    });
    let done = rebuild.run().await.unwrap();
    assert!(!done[0].resumed);
    assert!(
        notes
            .await
            .unwrap()
            .iter()
            .any(|note| note.contains("anew") || note.contains("dropped"))
    );
    let view = place.subscriber(balances()).view();
    assert_eq!(rows(&view).await, fresh(&place, balances()).await);
}

#[tokio::test]
async fn the_same_program_goes_on_where_it_stopped() {
    let place = place_with_events().await;
    killed_at_the_swap(&place).await;
    let done = rebuild(&place).await.with(balances()).run().await.unwrap();
    assert!(done[0].resumed);
    let view = place.subscriber(balances()).view();
    assert_eq!(rows(&view).await, fresh(&place, balances()).await);
    nothing_is_left(&place).await;
}

#[tokio::test]
async fn the_table_of_a_rebuild_that_no_row_names_is_dropped() {
    let place = place_with_events().await;
    killed_at_the_swap(&place).await;
    place
        .sql("delete from ingesta_rebuilds; delete from balance_v1__rebuild")
        .await;
    let done = rebuild(&place).await.with(balances()).run().await.unwrap();
    assert_eq!((done[0].resumed, done[0].rows), (false, 50));
    nothing_is_left(&place).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rebuild_whose_lease_was_taken_writes_nothing_more() {
    let place = place_with_events().await;
    // It stands still until its lease is somebody else's.
    let (asked, taken) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicBool::new(false)),
    );
    let (reached, go) = (asked.clone(), taken.clone());
    let slow = Closures::tally().applied(move |_, tally, event| {
        reached.store(true, Ordering::SeqCst);
        while !go.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        add(tally, event);
        Ok(Change::Keep)
    });
    let task = tokio::spawn(rebuild(&place).await.with(slow).run());
    eventually("the fold", async || {
        asked.load(Ordering::SeqCst).then_some(())
    })
    .await;
    place
        .sql("update ingesta_subscriptions set owner = 'thief', epoch = epoch + 1")
        .await;
    taken.store(true, Ordering::SeqCst);
    let ended = task.await.unwrap();
    assert!(
        matches!(ended, Err(RebuildError::TakenOver { .. })),
        "{ended:?}"
    );
    assert_eq!(place.storage.checkpoint("tally-v1").await.unwrap(), None);
    assert_eq!(
        number(&place, "select count(*) from tally_v1__rebuild").await,
        0
    );
}
