//! An event that cannot be projected parks its own stream; its neighbours go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use cqrs_es::{EventEnvelope, View};
use ingesta_event_store::{EventCodec, StreamId, SubscriptionStorage};
use ingesta_projections::{Change, ProjectionError, ViewProjection, ViewTable};
use serde::{Deserialize, Serialize};

use ingesta_testing::eventually;

use crate::accounts::{Account, AccountEvent, Balance, deposit, folded, table};
use crate::changes::{Closures, Tally, add, amount};
use crate::place::{Place, parked, quick};

async fn tally_of(place: &Place, account: &str) -> Tally {
    let fresh = folded(&*place.storage, account).await;
    Tally {
        events: fresh.seen.len() as u64,
        sum: fresh.total,
    }
}

async fn stored(view: &ViewTable<Tally>, account: &str) -> Option<Tally> {
    view.get(account).await.unwrap().map(|row| row.state)
}

async fn nothing_is_parked(place: &Place, name: &str) {
    eventually("the end of parking", async || {
        parked(place, name).await.is_empty().then_some(())
    })
    .await;
}

/// Refuses deposits of 13 until it is repaired, and counts how often.
fn superstitious(repaired: &Arc<AtomicBool>, refusals: &Arc<AtomicU32>) -> Closures {
    let (repaired, refusals) = (repaired.clone(), refusals.clone());
    Closures::tally().applied(move |_, tally, event| {
        if amount(event) == 13 && !repaired.load(Ordering::SeqCst) {
            refusals.fetch_add(1, Ordering::SeqCst);
            return Err(ProjectionError::refused("unlucky", "an amount of bad luck"));
        }
        add(tally, event);
        Ok(Change::Keep)
    })
}

#[tokio::test]
async fn a_poison_event_parks_its_stream_and_a_fixed_projection_catches_up() {
    let place = Place::new().await;
    let (fixed, tries) = (Arc::default(), Arc::default());
    let projection = superstitious(&fixed, &tries);
    deposit(&*place.storage, "bad", 0, &[1, 13, 2])
        .await
        .unwrap();
    deposit(&*place.storage, "good", 0, &[1, 2]).await.unwrap();
    let (following, view) = place.follow(projection, quick());
    following.reaches(place.head().await).await;
    assert_eq!(
        parked(&place, "tally-v1").await,
        [("account/bad".into(), 2, "unlucky".into())]
    );
    assert_eq!(
        stored(&view, "bad").await,
        Some(Tally { events: 1, sum: 1 })
    );
    assert_eq!(
        stored(&view, "good").await,
        Some(tally_of(&place, "good").await)
    );

    // What comes later queues behind it; the neighbours go on.
    deposit(&*place.storage, "bad", 3, &[4]).await.unwrap();
    deposit(&*place.storage, "good", 2, &[5]).await.unwrap();
    following.reaches(place.head().await).await;
    assert_eq!(
        stored(&view, "bad").await,
        Some(Tally { events: 1, sum: 1 })
    );
    assert_eq!(
        stored(&view, "good").await,
        Some(tally_of(&place, "good").await)
    );

    // Resumed before it is repaired, it parks again.
    let bad = StreamId::of::<Account>("bad");
    let before = tries.load(Ordering::SeqCst);
    place.storage.resume("tally-v1", &bad).await.unwrap();
    eventually("another try", async || {
        let rows = place.storage.parked("tally-v1").await.unwrap();
        let tried = tries.load(Ordering::SeqCst) > before;
        rows.iter().find(|row| tried && !row.due).map(drop)
    })
    .await;
    assert_eq!(
        stored(&view, "bad").await,
        Some(Tally { events: 1, sum: 1 })
    );

    fixed.store(true, Ordering::SeqCst);
    place.storage.resume("tally-v1", &bad).await.unwrap();
    nothing_is_parked(&place, "tally-v1").await;
    deposit(&*place.storage, "bad", 4, &[6]).await.unwrap();
    following.reaches(place.head().await).await;
    assert_eq!(
        stored(&view, "bad").await,
        Some(tally_of(&place, "bad").await)
    );
    following.stop().await;
}

static REPAIRED: AtomicBool = AtomicBool::new(false);

/// Panics over 666, as a view of cqrs-es may: it has no other way to fail.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Touchy(Balance);

impl View<Account> for Touchy {
    fn update(&mut self, event: &EventEnvelope<Account>) {
        let AccountEvent::Deposited { amount, .. } = &event.payload;
        assert!(
            *amount != 666 || REPAIRED.load(Ordering::SeqCst),
            "what is said here is not kept"
        );
        self.0.update(event);
    }
}

#[tokio::test]
async fn a_view_that_panics_parks_its_stream_and_a_repaired_one_catches_up() {
    let place = Place::new().await;
    let projection =
        ViewProjection::<Account, Touchy>::new("touchy", table("touchy"), EventCodec::default());
    deposit(&*place.storage, "before", 0, &[1, 2])
        .await
        .unwrap();
    deposit(&*place.storage, "bad", 0, &[1, 666, 2])
        .await
        .unwrap();
    deposit(&*place.storage, "after", 0, &[3]).await.unwrap();
    let (following, view) = place.follow(projection, quick());
    following.reaches(place.head().await).await;
    assert_eq!(
        parked(&place, "touchy").await,
        [("account/bad".into(), 2, "panicked".into())]
    );
    for account in ["before", "after"] {
        let row = view.get(account).await.unwrap().unwrap();
        assert_eq!(row.state.0, folded(&*place.storage, account).await);
    }
    assert_eq!(view.get("bad").await.unwrap().unwrap().state.0.seen, [1]);

    REPAIRED.store(true, Ordering::SeqCst);
    place
        .storage
        .resume("touchy", &StreamId::of::<Account>("bad"))
        .await
        .unwrap();
    nothing_is_parked(&place, "touchy").await;
    let row = view.get("bad").await.unwrap().unwrap();
    assert_eq!(row.state.0, folded(&*place.storage, "bad").await);
    following.stop().await;
}

#[tokio::test]
async fn a_row_that_the_database_refuses_parks_its_stream_only() {
    let place = Place::new().await;
    let subscriber = place.subscriber(Closures::tally());
    subscriber.prepare().await.unwrap();
    place
        .sql("alter table tally_v1 add check ((payload ->> 'sum')::bigint < 100)")
        .await;
    deposit(&*place.storage, "good", 0, &[1]).await.unwrap();
    deposit(&*place.storage, "bad", 0, &[1, 100]).await.unwrap();
    deposit(&*place.storage, "also-good", 0, &[2])
        .await
        .unwrap();
    let (following, view) = place.follow(Closures::tally(), quick());
    following.reaches(place.head().await).await;
    assert_eq!(
        parked(&place, "tally-v1").await,
        [("account/bad".into(), 2, "refused".into())]
    );
    assert_eq!(view.count().await.unwrap(), 3);
    assert_eq!(
        stored(&view, "bad").await,
        Some(Tally { events: 1, sum: 1 })
    );
    following.stop().await;
}
