//! One row, folded anew in its place.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ingesta_event_store::{RecordedEvent, StreamId, SubscriptionStorage, TypeFilter};
use ingesta_projections::{Change, Projection, ProjectionError, TableName};
use ingesta_testing::eventually;
use tokio::sync::Semaphore;

use super::{fresh, rebuild, rows};
use crate::accounts::{Account, balances, deposit};
use crate::changes::{Closures, Tally, add, amount};
use crate::place::{Place, parked, quick};

#[tokio::test]
async fn a_row_is_mended_and_its_neighbours_stay() {
    let place = Place::new().await;
    for account in ["a", "b"] {
        deposit(&*place.storage, account, 0, &[1, 2]).await.unwrap();
    }
    let (one, view) = place.follow(balances(), quick());
    let (two, tally) = place.follow(Closures::tally(), quick());
    one.reaches(place.head().await).await;
    two.reaches(place.head().await).await;
    place
        .sql("update balance_v1 set version = 7; update tally_v1 set version = 7")
        .await;
    let both = rebuild(&place)
        .await
        .with(balances())
        .with(Closures::tally());
    let mended = both.one("a").await.unwrap();
    for mended in &mended {
        assert_eq!(
            (mended.before, mended.after),
            (Some(7), Some(2)),
            "{mended:?}"
        );
        assert!(mended.changed && !mended.parked);
    }
    assert_eq!(view.get("a").await.unwrap().unwrap().version, 2);
    assert_eq!(tally.get("a").await.unwrap().unwrap().version, 2);
    assert_eq!(view.get("b").await.unwrap().unwrap().version, 7);
    // A second time there is nothing to mend; a key of no row is no row.
    let again = rebuild(&place)
        .await
        .with(balances())
        .one("a")
        .await
        .unwrap();
    assert!(!again[0].changed);
    let none = rebuild(&place)
        .await
        .with(balances())
        .one("nobody")
        .await
        .unwrap();
    assert_eq!((none[0].before, none[0].after), (None, None));
    rebuild(&place)
        .await
        .with(balances())
        .one("b")
        .await
        .unwrap();
    assert_eq!(rows(&view).await, fresh(&place, balances()).await);
}

fn superstitious() -> Closures {
    Closures::tally().applied(|_, tally, event| {
        if amount(event) == 13 {
            return Err(ProjectionError::refused("unlucky", "an amount of bad luck"));
        }
        add(tally, event);
        Ok(Change::Keep)
    })
}

#[tokio::test]
async fn a_row_of_a_parked_stream_holds_what_stands_before_the_event() {
    let place = Place::new().await;
    deposit(&*place.storage, "bad", 0, &[1, 13, 2])
        .await
        .unwrap();
    let (following, view) = place.follow(superstitious(), quick());
    following.reaches(place.head().await).await;
    place.sql("update tally_v1 set version = 7").await;
    let mended = rebuild(&place)
        .await
        .with(superstitious())
        .one("bad")
        .await
        .unwrap();
    assert_eq!(mended[0].after, Some(1));
    let expected = [("account/bad".to_owned(), 2, "unlucky".to_owned())];
    assert_eq!(parked(&place, "tally-v1").await, expected);
    assert_eq!(view.get("bad").await.unwrap().unwrap().state.sum, 1);
    let bad = StreamId::of::<Account>("bad");
    place.storage.resume("tally-v1", &bad).await.unwrap();
}

/// Tallies by account, of a program that cannot fold one amount.
struct ByAccount(Closures);

fn by_account(refused: i64) -> ByAccount {
    ByAccount(Closures::tally().applied(move |_, tally, event| {
        if amount(event) == refused {
            return Err(ProjectionError::refused("unlucky", "an amount of bad luck"));
        }
        add(tally, event);
        Ok(Change::Keep)
    }))
}

impl Projection for ByAccount {
    type State = Tally;

    fn name(&self) -> &str {
        self.0.name()
    }

    fn table(&self) -> &TableName {
        self.0.table()
    }

    fn types(&self) -> TypeFilter {
        TypeFilter::Only(vec![StreamId::of::<Account>("").aggregate_type])
    }

    fn keys(&self, event: &RecordedEvent) -> Result<Vec<String>, ProjectionError> {
        self.0.keys(event)
    }

    fn apply(
        &self,
        key: &str,
        tally: &mut Tally,
        event: &RecordedEvent,
    ) -> Result<Change, ProjectionError> {
        self.0.apply(key, tally, event)
    }

    fn keyed_by_aggregate(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn a_stream_that_fails_earlier_than_it_did_is_parked_there() {
    let place = Place::new().await;
    deposit(&*place.storage, "bad", 0, &[1, 2, 7, 4, 13, 6])
        .await
        .unwrap();
    let (following, view) = place.follow(by_account(13), quick());
    following.reaches(place.head().await).await;
    following.stop().await;
    let at = |sequence| [("account/bad".to_owned(), sequence, "unlucky".to_owned())];
    assert_eq!(parked(&place, "tally-v1").await, at(5));
    // Today's program fails before, and the next one later again.
    for (refused, sequence, sum) in [(7, 3, 3), (6, 6, 27), (13, 5, 14), (7, 3, 3)] {
        let rebuild = rebuild(&place).await.with(by_account(refused));
        let mended = rebuild.one("bad").await.unwrap();
        assert!(mended[0].parked);
        assert_eq!(parked(&place, "tally-v1").await, at(sequence));
        assert_eq!(view.get("bad").await.unwrap().unwrap().state.sum, sum);
    }
    // The mended program goes on from there: no event is left out, and none comes twice.
    let (_following, view) = place.follow(by_account(0), quick());
    eventually("the end of parking", async || {
        parked(&place, "tally-v1").await.is_empty().then_some(())
    })
    .await;
    let row = view.get("bad").await.unwrap().unwrap();
    assert_eq!(row.state, Tally { events: 6, sum: 33 });
}

#[tokio::test]
async fn a_skipped_event_stays_skipped_when_its_row_is_mended() {
    let place = Place::new().await;
    deposit(&*place.storage, "bad", 0, &[1, 13, 2])
        .await
        .unwrap();
    let (following, view) = place.follow(by_account(13), quick());
    following.reaches(place.head().await).await;
    following.stop().await;
    let bad = StreamId::of::<Account>("bad");
    place.storage.skip("tally-v1", &bad, 2).await.unwrap();
    let rebuild = rebuild(&place).await.with(by_account(13));
    assert!(!rebuild.one("bad").await.unwrap()[0].parked);
    assert!(parked(&place, "tally-v1").await.is_empty());
    let row = view.get("bad").await.unwrap().unwrap();
    assert_eq!(row.state, Tally { events: 2, sum: 3 });
}

/// One row of all accounts.
fn of_all(unlucky: &Arc<AtomicBool>) -> Closures {
    let unlucky = Arc::clone(unlucky);
    Closures::tally()
        .keyed(|_| Ok(vec!["all".to_owned()]))
        .applied(move |_, tally, event| {
            if amount(event) == 13 && unlucky.load(Ordering::SeqCst) {
                return Err(ProjectionError::refused("unlucky", "an amount of bad luck"));
            }
            add(tally, event);
            Ok(Change::Keep)
        })
}

/// The same, and it waits once for leave to fold on.
fn halting(reads: &Arc<Semaphore>, leave: std::sync::mpsc::Receiver<()>) -> Closures {
    let (reads, leave) = (Arc::clone(reads), std::sync::Mutex::new(Some(leave)));
    of_all(&Arc::default()).applied(move |_, tally, event| {
        if let Some(leave) = leave.lock().unwrap().take() {
            reads.add_permits(1);
            // Other tasks go on meanwhile, also those that were this thread's next.
            tokio::task::block_in_place(|| leave.recv().unwrap());
        }
        add(tally, event);
        Ok(Change::Keep)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_caught_up_while_the_log_was_read_is_in_the_row() {
    let place = Place::new().await;
    deposit(&*place.storage, "good", 0, &[1, 2]).await.unwrap();
    deposit(&*place.storage, "bad", 0, &[1, 13, 2])
        .await
        .unwrap();
    let unlucky = Arc::new(AtomicBool::new(true));
    let (following, view) = place.follow(of_all(&unlucky), quick());
    following.reaches(place.head().await).await;
    assert_eq!(parked(&place, "tally-v1").await.len(), 1);
    let (reads, (go, leave)) = (Arc::new(Semaphore::new(0)), std::sync::mpsc::channel());
    let rebuild = rebuild(&place).await.with(halting(&reads, leave));
    let mending = tokio::spawn(async move { rebuild.one("all").await });
    // What stands behind the parked event was left out; now it is folded after all.
    reads.acquire().await.unwrap().forget();
    unlucky.store(false, Ordering::SeqCst);
    let bad = StreamId::of::<Account>("bad");
    place.storage.resume("tally-v1", &bad).await.unwrap();
    eventually("the end of parking", async || {
        parked(&place, "tally-v1").await.is_empty().then_some(())
    })
    .await;
    go.send(()).unwrap();
    let mended = mending.await.unwrap().unwrap();
    assert!(!mended[0].changed, "the follower had it right");
    let row = view.get("all").await.unwrap().unwrap();
    assert_eq!(row.state, Tally { events: 5, sum: 19 });
}
