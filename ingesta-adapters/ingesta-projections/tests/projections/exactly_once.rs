//! An event is in its rows once: across lost leases, killed tasks and lost connections.

use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::EventStorage;
use ingesta_event_store::subscription::{Commit, Lease, RunnerOptions, Subscriber};
use ingesta_event_store::{Position, PostgresStorage, StoreError, SubscriptionStorage, TypeFilter};
use ingesta_projections::{Projection, ViewTable};

use ingesta_testing::eventually;

use crate::accounts::{Balance, balances, deposit, folded};
use crate::changes::{Closures, Tally};
use crate::place::{Following, Place, quick};

const ACCOUNTS: usize = 20;
const EVENTS: usize = 1_000;

/// Small numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Appends a thousand events over twenty accounts, in commands of one to five.
async fn stream_in(storage: Arc<PostgresStorage>) {
    let mut dice = Dice(7);
    let mut versions = [0_u64; ACCOUNTS];
    let mut left = EVENTS;
    while left > 0 {
        let account = usize::try_from(dice.below(ACCOUNTS as u64)).unwrap();
        let size = usize::try_from(dice.below(5) + 1).unwrap().min(left);
        let amounts: Vec<i64> = (0..size)
            .map(|_| i64::try_from(dice.below(100)).unwrap())
            .collect();
        let name = format!("acc-{account}");
        deposit(&*storage, &name, versions[account], &amounts)
            .await
            .unwrap();
        versions[account] += size as u64;
        left -= size;
    }
}

async fn rows_equal_a_fresh_fold(
    place: &Place,
    views: &ViewTable<Balance>,
    tallies: &ViewTable<Tally>,
) {
    let mut events = 0;
    for account in (0..ACCOUNTS).map(|n| format!("acc-{n}")) {
        let fresh = folded(&*place.storage, &account).await;
        let view = views.get(&account).await.unwrap().unwrap();
        assert_eq!(
            (view.version, &view.state),
            (fresh.seen.len() as u64, &fresh),
            "{account}"
        );
        let tally = tallies.get(&account).await.unwrap().unwrap();
        let expected = Tally {
            events: fresh.seen.len() as u64,
            sum: fresh.total,
        };
        assert_eq!(
            (tally.version, &tally.state),
            (expected.events, &expected),
            "{account}"
        );
        events += fresh.seen.len();
    }
    assert_eq!(events, EVENTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_moments_while_a_thousand_events_stream_in() {
    let place = Place::new().await;
    let options = || RunnerOptions {
        batch_max: 7,
        lease: Duration::from_millis(60),
        ..quick()
    };
    let writer = tokio::spawn(stream_in(place.storage.clone()));
    let mut dice = Dice(42);
    let (mut kills, mut kills_on_the_way) = (0, 0);
    while kills < 40 {
        let (views, _) = place.follow(balances(), options());
        let (tallies, _) = place.follow(Closures::tally(), options());
        let steps = dice.below(6);
        let mut position = tallies.handle.position();
        for _ in 0..steps {
            // The lease of the one before runs out, and then something is to be done or not.
            let moved = tokio::time::timeout(Duration::from_millis(250), position.changed()).await;
            kills_on_the_way += u32::from(matches!(moved, Ok(Ok(()))));
        }
        for _ in 0..dice.below(300) {
            tokio::task::yield_now().await;
        }
        views.handle.abort();
        tallies.handle.abort();
        kills += 1;
    }
    assert!(
        kills_on_the_way > 10,
        "the kills came while nothing was done"
    );
    writer.await.unwrap();
    let (views, balances) = place.follow(balances(), quick());
    let (tallies, tally) = place.follow(Closures::tally(), quick());
    let head = place.head().await;
    views.reaches(head).await;
    tallies.reaches(head).await;
    rows_equal_a_fresh_fold(&place, &balances, &tally).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_cut_at_random_moments_while_a_thousand_events_stream_in() {
    let place = Place::new().await;
    let (database, storage) = place.elsewhere("to-be-cut").await;
    let options = || RunnerOptions {
        batch_max: 7,
        ..quick()
    };
    let views = ingesta_projections::ProjectionSubscriber::new(&database, balances());
    let tallies = ingesta_projections::ProjectionSubscriber::new(&database, Closures::tally());
    let (balances, tally) = (views.view(), tallies.view());
    let views = Following::spawn(storage.clone(), Arc::new(views), options());
    let tallies = Following::spawn(storage, Arc::new(tallies), options());
    let writer = tokio::spawn(stream_in(place.storage.clone()));
    let mut cut = 0;
    while !writer.is_finished() || cut < 20 {
        let sessions: i64 = sqlx::query_scalar(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity
              where application_name = 'to-be-cut' and datname = current_database()
                and state = 'active'",
        )
        .fetch_one(place.database.pool())
        .await
        .unwrap();
        cut += sessions;
        if writer.is_finished() {
            let head = place.head().await;
            let at = place.storage.checkpoint("tally-v1").await.unwrap();
            if at == Some(head) {
                break;
            }
        }
        tokio::task::yield_now().await;
    }
    writer.await.unwrap();
    assert!(cut > 0, "nothing was cut in the middle of a statement");
    let head = place.head().await;
    views.reaches(head).await;
    tallies.reaches(head).await;
    rows_equal_a_fresh_fold(&place, &balances, &tally).await;
}

async fn lease(place: &Place, owner: &str, name: &str, lasts: Duration) -> Lease {
    eventually("the lease", async || {
        place.storage.acquire(name, owner, lasts).await.unwrap()
    })
    .await
}

/// One step as the runner does it.
async fn step<P: Projection>(place: &Place, projection: P) -> (Commit, ViewTable<P::State>) {
    let subscriber = place.subscriber(projection);
    subscriber.start().await.unwrap();
    // Transactions of other tests hold the end of the log back for a moment.
    let head = place.head().await;
    let page = eventually("the whole log", async || {
        let types = TypeFilter::All;
        let page = place.storage.read_after(Position::START, &types, 1_000);
        page.await.ok().filter(|page| page.reached == head)
    })
    .await;
    let effects = subscriber.consume(&page.events).await.unwrap();
    assert!(!effects.is_empty());
    let commit = Commit {
        checkpoint: Some(page.reached),
        effects,
        ..Commit::default()
    };
    (commit, subscriber.view())
}

#[tokio::test]
async fn an_owner_that_lost_its_lease_writes_nothing() {
    let place = Place::new().await;
    deposit(&*place.storage, "a", 0, &[1, 2, 3]).await.unwrap();
    let old = lease(&place, "old", "tally-v1", Duration::from_millis(1)).await;
    let (late, view) = step(&place, Closures::tally()).await;
    let new = lease(&place, "new", "tally-v1", Duration::from_secs(60)).await;
    assert!(new.epoch > old.epoch);

    // Before the new owner has written anything, and after.
    let refused = place.storage.commit(&old, late).await;
    assert!(
        matches!(refused, Err(StoreError::LeaseLost { .. })),
        "{refused:?}"
    );
    assert_eq!(view.count().await.unwrap(), 0);
    let (commit, _) = step(&place, Closures::tally()).await;
    let (late, _) = step(&place, Closures::tally()).await;
    place.storage.commit(&new, commit).await.unwrap();
    let refused = place.storage.commit(&old, late).await;
    assert!(
        matches!(refused, Err(StoreError::LeaseLost { .. })),
        "{refused:?}"
    );
    let row = view.get("a").await.unwrap().unwrap();
    assert_eq!(row.state, Tally { events: 3, sum: 6 });
}

#[tokio::test]
async fn a_view_whose_checkpoint_was_set_back_does_not_double() {
    let place = Place::new().await;
    deposit(&*place.storage, "a", 0, &[1, 2, 3]).await.unwrap();
    let held = lease(&place, "before", "balance-v1", Duration::from_millis(1)).await;
    let (commit, view) = step(&place, balances()).await;
    // The rows are stored and the checkpoint stays at the beginning.
    place
        .storage
        .commit(
            &held,
            Commit {
                checkpoint: None,
                ..commit
            },
        )
        .await
        .unwrap();
    assert_eq!(view.get("a").await.unwrap().unwrap().version, 3);

    let (following, view) = place.follow(balances(), quick());
    deposit(&*place.storage, "a", 3, &[4]).await.unwrap();
    following.reaches(place.head().await).await;
    let row = view.get("a").await.unwrap().unwrap();
    assert_eq!(
        row.state,
        Balance {
            total: 10,
            seen: vec![1, 2, 3, 4]
        }
    );
    following.stop().await;
}

#[tokio::test]
async fn a_whole_batch_is_one_statement_and_rows_can_go() {
    let place = Place::new().await;
    for account in 0..50 {
        let amounts: Vec<i64> = (1..=20).collect();
        deposit(&*place.storage, &format!("acc-{account}"), 0, &amounts)
            .await
            .unwrap();
    }
    let projection = || {
        Closures::tally().applied(|key, tally, event| {
            crate::changes::add(tally, event);
            let goes = key == "acc-7" && tally.events == 20;
            Ok(if goes {
                ingesta_projections::Change::Remove
            } else {
                ingesta_projections::Change::Keep
            })
        })
    };
    let held = lease(&place, "me", "tally-v1", Duration::from_secs(60)).await;
    let (commit, view) = step(&place, projection()).await;
    assert_eq!(commit.effects.len(), 2, "one upsert, one delete");
    place.storage.commit(&held, commit).await.unwrap();
    assert_eq!(view.count().await.unwrap(), 49);
    assert!(view.get("acc-7").await.unwrap().is_none());
    assert_eq!(
        view.get("acc-8").await.unwrap().unwrap().state,
        Tally {
            events: 20,
            sum: 210
        }
    );

    // A row that is stored goes too.
    place.storage.release(&held).await.unwrap();
    deposit(&*place.storage, "acc-8", 20, &[5]).await.unwrap();
    let projection = Closures::tally().applied(|_, _, _| Ok(ingesta_projections::Change::Remove));
    let (following, view) = place.follow(projection, quick());
    following.reaches(place.head().await).await;
    assert_eq!(view.count().await.unwrap(), 48);
    assert!(view.get("acc-8").await.unwrap().is_none());
    following.stop().await;
}
