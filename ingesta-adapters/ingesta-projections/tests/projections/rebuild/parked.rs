//! Parked streams and skipped events, kept through a rebuild.

use ingesta_event_store::{StreamId, SubscriptionStorage};
use ingesta_projections::{Change, ProjectionError};
use ingesta_testing::eventually;

use super::{holding, interrupted_before_the_swap, nothing_is_left, number, rebuild, rows, said};
use crate::accounts::{Account, deposit};
use crate::changes::{Closures, Tally, add, amount};
use crate::place::{Place, parked, quick};

/// Refuses deposits of 13; every event touches its account's row and one row of all.
fn superstitious() -> Closures {
    Closures::tally()
        .keyed(|event| Ok(vec![event.stream.aggregate_id.clone(), "all".to_owned()]))
        .applied(|key, tally, event| {
            // In the row that is folded last, so that the first one must be undone.
            if amount(event) == 13 && key != "all" {
                return Err(ProjectionError::refused("unlucky", "an amount of bad luck"));
            }
            add(tally, event);
            Ok(Change::Keep)
        })
}

#[tokio::test]
async fn a_stream_that_cannot_be_folded_is_parked_in_the_rebuilt_view() {
    let place = Place::new().await;
    deposit(&*place.storage, "bad", 0, &[1, 13, 2])
        .await
        .unwrap();
    deposit(&*place.storage, "good", 0, &[1, 2]).await.unwrap();
    let done = rebuild(&place)
        .await
        .with(superstitious())
        .run()
        .await
        .unwrap();
    assert_eq!(done[0].parked, 1);
    let expected = [("account/bad".to_owned(), 2, "unlucky".to_owned())];
    assert_eq!(parked(&place, "tally-v1").await, expected);
    let view = place.subscriber(superstitious()).view();
    let all = view.get("all").await.unwrap().unwrap();
    assert_eq!(all.state, Tally { events: 3, sum: 4 });

    // The operator skips the event in the live view; what stands behind it is folded.
    let (following, view) = place.follow(superstitious(), quick());
    following.reaches(place.head().await).await;
    let bad = StreamId::of::<Account>("bad");
    eventually("the stream to be tried", async || {
        place.storage.skip("tally-v1", &bad, 2).await.ok()
    })
    .await;
    eventually("the end of parking", async || {
        parked(&place, "tally-v1").await.is_empty().then_some(())
    })
    .await;
    let all = view.get("all").await.unwrap().unwrap();
    assert_eq!(all.state, Tally { events: 4, sum: 6 });

    // A rebuild passes over the same event, and over no other.
    deposit(&*place.storage, "bad", 3, &[5]).await.unwrap();
    let done = rebuild(&place)
        .await
        .with(superstitious())
        .run()
        .await
        .unwrap();
    assert_eq!(done[0].parked, 0);
    following.reaches(place.head().await).await;
    let all = view.get("all").await.unwrap().unwrap();
    assert_eq!(all.state, Tally { events: 5, sum: 11 });
    nothing_is_left(&place).await;
}

#[tokio::test]
async fn what_was_parked_and_can_be_folded_now_is_parked_no_more() {
    let place = Place::new().await;
    deposit(&*place.storage, "bad", 0, &[1, 13, 2])
        .await
        .unwrap();
    let (following, _) = place.follow(superstitious(), quick());
    following.reaches(place.head().await).await;
    following.stop().await;
    assert_eq!(parked(&place, "tally-v1").await.len(), 1);
    let done = rebuild(&place)
        .await
        .with(Closures::tally())
        .run()
        .await
        .unwrap();
    assert_eq!(done[0].parked, 0);
    assert!(parked(&place, "tally-v1").await.is_empty());
    let view = place.subscriber(Closures::tally()).view();
    assert_eq!(view.get("bad").await.unwrap().unwrap().state.sum, 16);
}

#[tokio::test]
async fn an_event_that_was_skipped_while_the_rebuild_ran_stays_skipped() {
    let place = Place::new().await;
    deposit(&*place.storage, "bad", 0, &[1, 13, 13, 2])
        .await
        .unwrap();
    let (following, view) = place.follow(superstitious(), quick());
    following.reaches(place.head().await).await;
    let rebuild = rebuild(&place).await.with(superstitious());
    let mut progress = rebuild.progress();
    let task = tokio::spawn(rebuild.run());
    progress
        .wait_for(|p| p.phase != ingesta_projections::RebuildPhase::Waiting)
        .await
        .unwrap();
    let bad = StreamId::of::<Account>("bad");
    for sequence in [2, 3] {
        eventually("the event to be skipped", async || {
            place.storage.skip("tally-v1", &bad, sequence).await.ok()
        })
        .await;
    }
    task.await.unwrap().unwrap();
    following.reaches(place.head().await).await;
    eventually("what stands behind it", async || {
        let all = view.get("all").await.unwrap();
        (all?.state == Tally { events: 2, sum: 3 }).then_some(())
    })
    .await;
    assert!(parked(&place, "tally-v1").await.is_empty());
    let skipped = "select count(*) from ingesta_skipped_events";
    assert_eq!(number(&place, skipped).await, 2);
}

/// A view that has parked its one stream at the second event, which another program can fold.
async fn unlucky_place() -> Place {
    let place = Place::new().await;
    deposit(&*place.storage, "bad", 0, &[1, 13, 2])
        .await
        .unwrap();
    let (following, _) = place.follow(superstitious(), quick());
    following.reaches(place.head().await).await;
    following.stop().await;
    place
}

async fn skip(place: &Place) {
    let bad = StreamId::of::<Account>("bad");
    place.storage.skip("tally-v1", &bad, 2).await.unwrap();
}

async fn sum(place: &Place) -> i64 {
    let view = place.subscriber(Closures::tally()).view();
    view.get("bad").await.unwrap().unwrap().state.sum
}

#[tokio::test]
async fn t_what_is_skipped_after_it_was_folded_is_not_in_the_new_view() {
    let place = unlucky_place().await;
    let reader = holding(&place, "tally_v1", "access share").await;
    let running = rebuild(&place).await.with(Closures::tally());
    let mut progress = running.progress();
    let task = tokio::spawn(running.run());
    let in_use = |p: &ingesta_projections::RebuildProgress| said(p, "in use");
    progress.wait_for(in_use).await.unwrap();
    skip(&place).await;
    reader.rollback().await.unwrap();
    task.await.unwrap().unwrap();
    assert_eq!(sum(&place).await, 3);
    assert!(progress.borrow().pass > 1);
    nothing_is_left(&place).await;
}

#[tokio::test]
async fn t_what_is_skipped_while_nobody_rebuilds_makes_it_begin_anew() {
    let place = unlucky_place().await;
    interrupted_before_the_swap(&place, Closures::tally()).await;
    skip(&place).await;
    let rebuild = rebuild(&place).await.with(Closures::tally());
    let progress = rebuild.progress();
    let done = rebuild.run().await.unwrap();
    assert!(!done[0].resumed);
    // It was seen at once, and not by the swap.
    assert_eq!(progress.borrow().pass, 1);
    assert_eq!(sum(&place).await, 3);
}

#[tokio::test]
async fn t_what_is_skipped_where_the_build_stops_too_costs_no_other_pass() {
    let place = unlucky_place().await;
    let reader = holding(&place, "tally_v1", "access share").await;
    let running = rebuild(&place).await.with(superstitious());
    let mut progress = running.progress();
    let task = tokio::spawn(running.run());
    let in_use = |p: &ingesta_projections::RebuildProgress| said(p, "in use");
    let passes = progress.wait_for(in_use).await.unwrap().pass;
    skip(&place).await;
    reader.rollback().await.unwrap();
    task.await.unwrap().unwrap();
    assert_eq!(progress.borrow().pass, passes);
    // The view's follower goes on behind the event.
    let (following, _) = place.follow(superstitious(), quick());
    following.reaches(place.head().await).await;
    eventually("the end of parking", async || {
        parked(&place, "tally-v1").await.is_empty().then_some(())
    })
    .await;
    assert_eq!(sum(&place).await, 3);
}

/// Refuses deposits of 13 on the row of all, in the order of the log.
fn fearful() -> Closures {
    Closures::tally()
        .keyed(|event| Ok(vec!["all".to_owned(), event.stream.aggregate_id.clone()]))
        .applied(|key, tally, event| {
            add(tally, event);
            if amount(event) == 13 && key == "all" {
                return Err(ProjectionError::refused("unlucky", "an amount of bad luck"));
            }
            Ok(Change::Keep)
        })
}

#[tokio::test]
async fn many_streams_that_cannot_be_folded_take_a_few_passes() {
    for (projection, passes) in [(superstitious as fn() -> Closures, 2), (fearful, 3)] {
        let place = Place::new().await;
        for account in 0..12 {
            let amounts = if account % 4 == 3 {
                [1, 2, 3]
            } else {
                [1, 13, 2]
            };
            let account = format!("acc-{account}");
            deposit(&*place.storage, &account, 0, &amounts)
                .await
                .unwrap();
        }
        let (following, view) = place.follow(projection(), quick());
        following.reaches(place.head().await).await;
        following.stop().await;
        let (mut parks, live) = (parked(&place, "tally-v1").await, rows(&view).await);
        parks.sort();
        assert_eq!(parks.len(), 9);
        let rebuild = rebuild(&place).await.with(projection());
        let progress = rebuild.progress();
        let done = rebuild.run().await.unwrap();
        assert_eq!((done[0].parked, progress.borrow().pass), (9, passes));
        let mut parked = parked(&place, "tally-v1").await;
        parked.sort();
        assert_eq!(parked, parks);
        assert_eq!(rows(&view).await, live);
        nothing_is_left(&place).await;
    }
}
