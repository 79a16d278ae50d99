//! A verification finds what somebody has changed by hand, and mends nothing.

use ingesta_projections::RebuildError;

use super::{nothing_is_left, rebuild};
use crate::accounts::{balances, deposit};
use crate::changes::Closures;
use crate::place::{Place, quick};

#[tokio::test]
async fn it_finds_a_row_that_was_changed_one_that_is_missing_and_one_too_many() {
    let place = Place::new().await;
    for account in 0..10 {
        deposit(&*place.storage, &format!("acc-{account}"), 0, &[1, 2])
            .await
            .unwrap();
    }
    let (following, _) = place.follow(balances(), quick());
    let (other, _) = place.follow(Closures::tally(), quick());
    following.reaches(place.head().await).await;
    other.reaches(place.head().await).await;
    let both = async || {
        let both = rebuild(&place).await.with(balances());
        both.with(Closures::tally())
    };
    let equal = both().await.verify().await.unwrap();
    assert!(
        equal.iter().all(ingesta_projections::Verified::is_equal),
        "{equal:?}"
    );
    assert_eq!((equal[0].live.rows, equal[0].parked), (10, 0));
    nothing_is_left(&place).await;

    place
        .sql(
            "update balance_v1 set payload = '{\"total\":9,\"seen\":[1,2]}' where view_id = 'acc-3';
             delete from balance_v1 where view_id = 'acc-4';
             insert into balance_v1 (view_id, version, payload) values ('ghost', 1, '{}')",
        )
        .await;
    let found = both().await.verify().await.unwrap();
    assert!(!found[0].is_equal() && found[1].is_equal());
    assert_eq!(found[0].changed.keys, ["acc-3"]);
    assert_eq!(found[0].missing.keys, ["acc-4"]);
    assert_eq!(found[0].extra.keys, ["ghost"]);
    assert_eq!(found[0].extra.count, 1);
    let shown = format!("{found:?}");
    assert!(!shown.contains("ghost"), "a key was printed");
    nothing_is_left(&place).await;

    // The follower goes on, and one key after the other mends it.
    for key in ["acc-3", "acc-4", "ghost"] {
        let mended = rebuild(&place)
            .await
            .with(balances())
            .one(key)
            .await
            .unwrap();
        assert!(mended[0].changed, "{mended:?}");
    }
    deposit(&*place.storage, "acc-0", 2, &[3]).await.unwrap();
    following.reaches(place.head().await).await;
    assert!(both().await.verify().await.unwrap()[0].is_equal());
}

#[tokio::test]
async fn views_at_different_places_of_a_quiet_log_are_verified() {
    let place = Place::new().await;
    deposit(&*place.storage, "a", 0, &[1]).await.unwrap();
    let (following, _) = place.follow(balances(), quick());
    let (other, _) = place.follow(Closures::tally(), quick());
    following.reaches(place.head().await).await;
    other.reaches(place.head().await).await;
    // A swap leaves the one where its fold ended, behind the last event, and the other at it.
    let swapped = rebuild(&place).await.with(balances());
    swapped.run().await.unwrap();
    let both = rebuild(&place).await.with(balances());
    let both = both.with(Closures::tally()).verify();
    let verified = tokio::time::timeout(ingesta_testing::PATIENCE, both).await;
    let verified = verified.expect("no event will ever come").unwrap();
    assert!(verified.iter().all(ingesta_projections::Verified::is_equal));
}

#[tokio::test]
async fn a_view_that_is_written_to_is_verified_too() {
    let place = Place::new().await;
    deposit(&*place.storage, "a", 0, &[1]).await.unwrap();
    let (following, _) = place.follow(balances(), quick());
    following.reaches(place.head().await).await;
    let (_, storage) = place.elsewhere("writer").await;
    let writer = tokio::spawn(async move {
        for version in 1..400 {
            deposit(&*storage, "a", version, &[1]).await.unwrap();
        }
    });
    while !writer.is_finished() {
        let verified = rebuild(&place)
            .await
            .with(balances())
            .verify()
            .await
            .unwrap();
        assert!(verified[0].is_equal(), "{verified:?}");
    }
    writer.await.unwrap();
}

#[tokio::test]
async fn a_view_that_never_ran_is_refused() {
    let place = Place::new().await;
    let refused = rebuild(&place).await.with(balances()).verify().await;
    assert!(
        matches!(refused, Err(RebuildError::NeverRan { .. })),
        "{refused:?}"
    );
    let refused = rebuild(&place).await.with(balances()).one("a").await;
    assert!(
        matches!(refused, Err(RebuildError::NeverRan { .. })),
        "{refused:?}"
    );
}
