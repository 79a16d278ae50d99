//! Parked streams and skipped events, kept through a rebuild.

use ingesta_event_store::{StreamId, SubscriptionStorage};
use ingesta_projections::{Change, ProjectionError};
use ingesta_testing::eventually;

use super::{nothing_is_left, number, rebuild};
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
