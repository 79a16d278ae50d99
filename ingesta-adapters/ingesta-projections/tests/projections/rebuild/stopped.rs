//! A rebuild, a verification or a mending that is told to stop gives back at once what it has
//! taken, whatever it is doing.

use ingesta_event_store::SubscriptionStorage;
use ingesta_projections::{Rebuild, RebuildError};
use ingesta_testing::eventually;
use tokio_util::sync::CancellationToken;

use super::{holding, nothing_is_left, number, rebuild};
use crate::accounts::{balances, deposit};
use crate::changes::Closures;
use crate::place::{LONG, Place, quick};

/// Two views that nobody follows any more.
async fn place() -> Place {
    let place = Place::new().await;
    deposit(&*place.storage, "acc", 0, &[1, 2]).await.unwrap();
    let (balance, _) = place.follow(balances(), quick());
    let (tally, _) = place.follow(Closures::tally(), quick());
    for following in [balance, tally] {
        following.reaches(place.head().await).await;
        following.stop().await;
    }
    place
}

async fn both(place: &Place, stop: &CancellationToken) -> Rebuild {
    let both = rebuild(place).await.with(balances());
    both.with(Closures::tally()).stopped_by(stop.clone())
}

/// The first of the two has its lease, and the other waits for it.
async fn waits(place: &Place, suffix: &str) {
    let sql = format!(
        "select count(*) from ingesta_subscriptions
          where name = 'balance-v1.{suffix}' and owner is not null"
    );
    eventually("the first lease", async || {
        (number(place, &sql).await == 1).then_some(())
    })
    .await;
}

async fn nobody_has(place: &Place, name: &str) {
    let sql = format!(
        "select count(*) from ingesta_subscriptions where name = '{name}' and owner is not null"
    );
    assert_eq!(number(place, &sql).await, 0, "{name} is still leased");
}

#[tokio::test]
async fn a_rebuild_that_waits_for_its_second_lease_gives_the_first_back() {
    let (place, stop) = (place().await, CancellationToken::new());
    let second = place.storage.acquire("tally-v1.rebuild", "somebody", LONG);
    let second = second.await.unwrap().unwrap();
    let task = tokio::spawn(both(&place, &stop).await.run());
    waits(&place, "rebuild").await;
    stop.cancel();
    let ended = task.await.unwrap();
    assert!(matches!(ended, Err(RebuildError::Cancelled)), "{ended:?}");
    nobody_has(&place, "balance-v1.rebuild").await;
    // So the same call goes on at once.
    place.storage.release(&second).await.unwrap();
    let done = both(&place, &CancellationToken::new()).await.run().await;
    assert!(done.unwrap()[0].resumed);
    nothing_is_left(&place).await;
}

#[tokio::test]
async fn a_verification_that_is_stopped_or_refused_on_the_way_leaves_no_table_behind() {
    let (place, stop) = (place().await, CancellationToken::new());
    let second = place.storage.acquire("tally-v1.verify", "somebody", LONG);
    let second = second.await.unwrap().unwrap();
    let task = tokio::spawn(both(&place, &stop).await.verify());
    waits(&place, "verify").await;
    stop.cancel();
    let ended = task.await.unwrap();
    assert!(matches!(ended, Err(RebuildError::Cancelled)), "{ended:?}");
    nobody_has(&place, "balance-v1.verify").await;
    let left = "select count(*) from pg_class where relname like '%\\_\\_verify%'";
    assert_eq!(number(&place, left).await, 0, "a table was left");
    place.storage.release(&second).await.unwrap();

    // Somebody else's table is in the way of the second one.
    place.sql("create table tally_v1__verify (a int)").await;
    let refused = both(&place, &CancellationToken::new()).await.verify().await;
    assert!(
        matches!(refused, Err(RebuildError::Store(_))),
        "{refused:?}"
    );
    place.sql("drop table tally_v1__verify").await;
    place
        .sql("delete from ingesta_subscriptions where name = 'tally-v1.verify'")
        .await;
    nothing_is_left(&place).await;
}

/// Stops the work when it has taken the lease of the view itself.
async fn stopped_in_the_pause<T: std::fmt::Debug + Send + 'static>(
    place: &Place,
    stop: CancellationToken,
    work: impl Future<Output = Result<T, RebuildError>> + Send + 'static,
) {
    let task = tokio::spawn(work);
    let paused = "select count(*) from ingesta_subscriptions
                   where name = 'balance-v1' and owner is not null";
    eventually("the pause", async || {
        (task.is_finished() || number(place, paused).await == 1).then_some(())
    })
    .await;
    stop.cancel();
    let ended = task.await.unwrap();
    assert!(matches!(ended, Err(RebuildError::Cancelled)), "{ended:?}");
    nobody_has(place, "balance-v1").await;
}

#[tokio::test]
async fn a_pause_ends_with_the_swap_that_is_stopped() {
    let (place, stop) = (place().await, CancellationToken::new());
    // As an analysis of the table does, it lets everybody read and the swap wait.
    let busy = holding(&place, "balance_v1", "share update exclusive").await;
    let rebuild = rebuild(&place).await.with(balances());
    let rebuild = rebuild.stopped_by(stop.clone());
    stopped_in_the_pause(&place, stop, rebuild.run()).await;
    nobody_has(&place, "balance-v1.rebuild").await;
    busy.rollback().await.unwrap();
}

#[tokio::test]
async fn a_pause_ends_with_the_mending_that_is_stopped() {
    let (place, stop) = (place().await, CancellationToken::new());
    let rebuild = rebuild(&place).await.with(balances());
    let rebuild = rebuild.stopped_by(stop.clone());
    let busy = holding(&place, "ingesta_skipped_events", "access exclusive").await;
    let mend = async move { rebuild.one("acc").await };
    stopped_in_the_pause(&place, stop, mend).await;
    busy.rollback().await.unwrap();
}

/// A snapshot that is older than any key, as a long report has it: who makes a key waits for its end.
async fn old_snapshot(place: &Place) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let mut old = place.database.pool().begin().await.unwrap();
    let look = "set transaction isolation level repeatable read;
                set local idle_in_transaction_session_timeout = 0;
                select count(*) from ingesta_subscriptions";
    sqlx::raw_sql(look).execute(&mut *old).await.unwrap();
    old
}

/// Sessions of the server that make the key of a fresh table and wait with it.
const WAITING: &str = "
select count(*) from pg_stat_activity
 where datname = current_database() and query like 'create unique index concurrently%'
   and state = 'active' and wait_event = 'virtualxid'";

async fn waits_for_the_snapshot(place: &Place) {
    eventually("a key that waits for an old snapshot", async || {
        (number(place, WAITING).await == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn t_a_verification_that_waits_for_an_old_snapshot_ends_at_once_and_leaves_nothing() {
    let (place, stop) = (place().await, CancellationToken::new());
    let old = old_snapshot(&place).await;
    let task = tokio::spawn(both(&place, &stop).await.verify());
    waits_for_the_snapshot(&place).await;
    stop.cancel();
    let ended = task.await.unwrap();
    assert!(matches!(ended, Err(RebuildError::Cancelled)), "{ended:?}");
    nothing_is_left(&place).await;
    old.rollback().await.unwrap();
}

#[tokio::test]
async fn t_a_rebuild_that_waits_for_an_old_snapshot_ends_at_once_and_goes_on_later() {
    let (place, stop) = (place().await, CancellationToken::new());
    let old = old_snapshot(&place).await;
    let task = tokio::spawn(both(&place, &stop).await.run());
    waits_for_the_snapshot(&place).await;
    stop.cancel();
    let ended = task.await.unwrap();
    assert!(matches!(ended, Err(RebuildError::Cancelled)), "{ended:?}");
    assert_eq!(
        number(&place, WAITING).await,
        0,
        "the server goes on with it"
    );
    nobody_has(&place, "balance-v1.rebuild").await;
    old.rollback().await.unwrap();
    let done = both(&place, &CancellationToken::new()).await.run().await;
    assert!(done.unwrap()[0].resumed);
    nothing_is_left(&place).await;
}

#[tokio::test]
async fn t_the_server_gives_up_what_a_killed_process_has_asked_for() {
    let place = place().await;
    let old = old_snapshot(&place).await;
    let task = tokio::spawn(both(&place, &CancellationToken::new()).await.verify());
    waits_for_the_snapshot(&place).await;
    task.abort();
    eventually("the end of its session", async || {
        (number(&place, WAITING).await == 0).then_some(())
    })
    .await;
    old.rollback().await.unwrap();
}
