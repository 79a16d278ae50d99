//! Ended at random moments under a write load, and cut off by the server.
//!
//! What is called a kill here ends a task: its connections are closed, as those of a dead process
//! are, and its memory is gone, but the process lives. A process that is really killed is in the
//! server's tests (`cli/projections.rs`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use ingesta_event_store::PostgresStorage;
use ingesta_projections::ViewTable;
use ingesta_projections::{Rebuild, RebuildError, RebuildOptions, RebuildPhase, RebuildProgress};

use super::{fresh, nothing_is_left, options, rebuild, rows};
use crate::accounts::{Balance, balances, deposit};
use crate::changes::Closures;
use crate::place::{LONG, Place, quick};

const WRITERS: usize = 3;
const ACCOUNTS: usize = 40;

/// Writes until it is told to stop.
async fn write(storage: Arc<PostgresStorage>, writer: usize, stop: Arc<AtomicBool>) {
    let mut version = 0;
    while !stop.load(Ordering::SeqCst) {
        for account in 0..ACCOUNTS {
            let name = format!("acc-{writer}-{account}");
            let amounts = [1, i64::try_from(account).unwrap()];
            deposit(&*storage, &name, version, &amounts).await.unwrap();
        }
        version += 2;
    }
}

/// Reads until it is told to stop; every read must succeed.
async fn read(view: ViewTable<Balance>, stop: Arc<AtomicBool>, reads: Arc<AtomicU64>) {
    while !stop.load(Ordering::SeqCst) {
        view.get("acc-0-0").await.unwrap();
        let page = view.page(None, 20).await.unwrap();
        assert!(!page.is_empty(), "the view was empty for a moment");
        reads.fetch_add(1, Ordering::SeqCst);
    }
}

fn next(dice: &mut u64, below: u64) -> u64 {
    *dice = dice
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*dice >> 33) % below
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_killed_five_times_under_load_it_ends_in_a_fresh_fold() {
    let place = Place::new().await;
    for account in 0..600 {
        let amounts: Vec<i64> = (0..20).collect();
        deposit(&*place.storage, &format!("old-{account}"), 0, &amounts)
            .await
            .unwrap();
    }
    let (one, balance) = place.follow(balances(), quick());
    let (two, tally) = place.follow(Closures::tally(), quick());
    one.reaches(place.head().await).await;
    two.reaches(place.head().await).await;
    let (stop, reads) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let mut load = Vec::new();
    let (_, elsewhere) = place.elsewhere("writers").await;
    for writer in 0..WRITERS {
        load.push(tokio::spawn(write(elsewhere.clone(), writer, stop.clone())));
    }
    load.push(tokio::spawn(read(
        balance.clone(),
        stop.clone(),
        reads.clone(),
    )));

    let mut dice = 11;
    let mut kills = 0;
    while kills < 5 {
        let (database, storage) = place.elsewhere("rebuild").await;
        let rebuild = Rebuild::new(&database, storage)
            .with(balances())
            .with(Closures::tally())
            .options(options());
        let mut progress = rebuild.progress();
        let mut task = tokio::spawn(rebuild.run());
        // The lease of the one before runs out first.
        let begun = |p: &RebuildProgress| p.phase != RebuildPhase::Waiting;
        progress.wait_for(begun).await.unwrap();
        let moment = Duration::from_millis(next(&mut dice, 400));
        if tokio::time::timeout(moment, &mut task).await.is_err() {
            task.abort();
            kills += u32::from(task.await.is_err());
        }
        database.close().await;
    }
    let done = rebuild(&place)
        .await
        .with(balances())
        .with(Closures::tally())
        .run()
        .await;
    let done = done.unwrap();
    assert_eq!(done.len(), 2);
    stop.store(true, Ordering::SeqCst);
    for task in load {
        task.await.unwrap();
    }
    assert!(reads.load(Ordering::SeqCst) > 100, "nobody read");
    one.reaches(place.head().await).await;
    two.reaches(place.head().await).await;
    assert!(rows(&balance).await == fresh(&place, balances()).await);
    assert!(rows(&tally).await == fresh(&place, Closures::tally()).await);
    nothing_is_left(&place).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_a_killed_backend_is_an_error_and_never_a_short_view() {
    let place = Place::new().await;
    for account in 0..400 {
        let amounts: Vec<i64> = (0..10).collect();
        deposit(&*place.storage, &format!("acc-{account}"), 0, &amounts)
            .await
            .unwrap();
    }
    let (following, view) = place.follow(balances(), quick());
    following.reaches(place.head().await).await;
    let expected = fresh(&place, balances()).await;
    let mut dice = 5;
    let (mut errors, mut ended) = (0, 0);
    let begun = std::time::Instant::now();
    while (errors < 3 || ended < 1) && begun.elapsed() < LONG {
        let (database, storage) = place.elsewhere("to-be-cut").await;
        let rebuild = Rebuild::new(&database, storage)
            .with(balances())
            .options(RebuildOptions {
                memory_bytes: 0,
                ..options()
            });
        let mut task = tokio::spawn(rebuild.run());
        let moment = Duration::from_millis(next(&mut dice, 120));
        let limit = if errors < 3 { moment } else { LONG };
        let done = if let Ok(done) = tokio::time::timeout(limit, &mut task).await {
            done
        } else {
            place
                .sql(
                    "select pg_terminate_backend(pid) from pg_stat_activity
                      where application_name = 'to-be-cut' and datname = current_database()",
                )
                .await;
            task.await
        };
        match done.unwrap() {
            Ok(_) => ended += 1,
            Err(RebuildError::Store(_) | RebuildError::Truncated) => errors += 1,
            Err(other) => panic!("{other}"),
        }
        assert!(rows(&view).await == expected, "the view is short");
        database.close().await;
    }
    assert!(errors >= 3 && ended >= 1, "{errors} errors, {ended} ends");
    rebuild(&place).await.with(balances()).run().await.unwrap();
    nothing_is_left(&place).await;
}
