//! The swap beside readers that hold the table for long.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ingesta_projections::{RebuildError, RebuildOptions, RebuildPhase};
use ingesta_testing::eventually;

use super::{nothing_is_left, options, rebuild, rows};
use crate::accounts::{balances, deposit};
use crate::place::{Place, quick};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_reader_delays_the_swap_and_no_other_reader() {
    let place = Place::new().await;
    for account in 0..20 {
        deposit(&*place.storage, &format!("acc-{account}"), 0, &[1])
            .await
            .unwrap();
    }
    let (following, view) = place.follow(balances(), quick());
    following.reaches(place.head().await).await;
    let mut reader = place.database.pool().acquire().await.unwrap();
    sqlx::raw_sql(
        "set idle_in_transaction_session_timeout = 0; begin; select count(*) from balance_v1",
    )
    .execute(&mut *reader)
    .await
    .unwrap();

    let (stop, reads) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let (others, done, count) = (view.clone(), stop.clone(), reads.clone());
    let others = tokio::spawn(async move {
        while !done.load(Ordering::SeqCst) {
            assert_eq!(others.count().await.unwrap(), 20);
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    let busy = rebuild(&place)
        .await
        .with(balances())
        .options(RebuildOptions {
            swap_tries: 2,
            ..options()
        });
    let refused = busy.run().await;
    assert!(
        matches!(refused, Err(RebuildError::TableBusy { tries: 2, .. })),
        "{refused:?}"
    );

    // Only the swap is left to do, and it is done when the reader has ended.
    let rebuild = rebuild(&place).await.with(balances());
    let mut progress = rebuild.progress();
    let task = tokio::spawn(rebuild.run());
    let seen = |p: &ingesta_projections::RebuildProgress| {
        let note = p.note.as_deref().unwrap_or_default();
        p.phase == RebuildPhase::Swapping && note.contains("in use")
    };
    progress.wait_for(seen).await.unwrap();
    // A try has failed and the next ones come; the others read on while the reader is still there.
    let before = reads.load(Ordering::SeqCst);
    eventually("reads between the tries", async || {
        (reads.load(Ordering::SeqCst) > before + 20).then_some(())
    })
    .await;
    assert!(!task.is_finished(), "nothing held the swap up");
    sqlx::raw_sql("rollback")
        .execute(&mut *reader)
        .await
        .unwrap();
    let rebuilt = task.await.unwrap().unwrap();
    assert!(rebuilt[0].resumed);
    stop.store(true, Ordering::SeqCst);
    others.await.unwrap();
    assert_eq!(rows(&view).await.len(), 20);
    deposit(&*place.storage, "acc-0", 1, &[1]).await.unwrap();
    following.reaches(place.head().await).await;
    nothing_is_left(&place).await;
}
