//! One row, folded anew in its place.

use ingesta_event_store::StreamId;
use ingesta_event_store::SubscriptionStorage;
use ingesta_projections::{Change, ProjectionError};

use super::{fresh, rebuild, rows};
use crate::accounts::{Account, balances, deposit};
use crate::changes::{Closures, add, amount};
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
