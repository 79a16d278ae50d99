//! A rebuilt view is what a fresh fold makes of the log, however it got there.

use ingesta_event_store::SubscriptionStorage;
use ingesta_projections::RebuildPhase;

use super::{fresh, nothing_is_left, number, rebuild, rows};
use crate::accounts::{Balance, balances, deposit};
use crate::changes::Closures;
use crate::place::{Place, quick};

async fn some_events(place: &Place) {
    for account in 0..30 {
        let name = format!("acc-{account}");
        deposit(&*place.storage, &name, 0, &[1, 2, account])
            .await
            .unwrap();
    }
    for account in 0..10 {
        let name = format!("acc-{account}");
        deposit(&*place.storage, &name, 3, &[7]).await.unwrap();
    }
}

#[tokio::test]
async fn two_projections_are_rebuilt_and_their_followers_go_on() {
    let place = Place::new().await;
    some_events(&place).await;
    let (one, balance) = place.follow(balances(), quick());
    let (two, tally) = place.follow(Closures::tally(), quick());
    one.reaches(place.head().await).await;
    two.reaches(place.head().await).await;
    place
        .sql(
            "update balance_v1 set payload = '{\"total\":1000000,\"seen\":[]}' where view_id = 'acc-3';
             delete from tally_v1 where view_id = 'acc-4'",
        )
        .await;
    let before = place.storage.checkpoint("tally-v1").await.unwrap();

    let rebuild = rebuild(&place)
        .await
        .with(balances())
        .with(Closures::tally());
    let progress = rebuild.progress();
    let done = rebuild.run().await.unwrap();

    let names: Vec<_> = done.iter().map(|done| done.projection.as_str()).collect();
    assert_eq!(names, ["balance-v1", "tally-v1"]);
    assert_eq!((done[0].rows, done[1].rows), (30, 30));
    assert_eq!(done[0].compared.unwrap().changed, 1);
    assert_eq!(done[1].compared.unwrap().only_fresh, 1);
    assert_eq!((done[0].parked, done[0].resumed), (0, false));
    let last = progress.borrow().clone();
    assert_eq!((last.phase, last.pass), (RebuildPhase::Done, 1));
    assert!(place.storage.checkpoint("tally-v1").await.unwrap() >= before);
    assert_eq!(rows(&balance).await, fresh(&place, balances()).await);
    assert_eq!(rows(&tally).await, fresh(&place, Closures::tally()).await);
    nothing_is_left(&place).await;

    // The followers take their subscriptions back, and a second rebuild finds nothing to mend.
    deposit(&*place.storage, "acc-1", 4, &[5]).await.unwrap();
    one.reaches(place.head().await).await;
    two.reaches(place.head().await).await;
    assert_eq!(rows(&balance).await, fresh(&place, balances()).await);
    let again = super::rebuild(&place)
        .await
        .with(balances())
        .run()
        .await
        .unwrap();
    assert!(again[0].compared.unwrap().is_equal(), "{again:?}");
    let keyed = "select count(*) from pg_constraint where conrelid = 'balance_v1'::regclass
                  and contype = 'p' and conname = 'balance_v1_pkey'";
    assert_eq!(number(&place, keyed).await, 1);
    nothing_is_left(&place).await;
}

#[tokio::test]
async fn a_view_that_never_ran_is_made() {
    let place = Place::new().await;
    some_events(&place).await;
    let done = rebuild(&place).await.with(balances()).run().await.unwrap();
    assert_eq!(done[0].compared, None);
    let (following, view) = place.follow(balances(), quick());
    assert_eq!(rows(&view).await, fresh(&place, balances()).await);
    deposit(&*place.storage, "acc-1", 4, &[5]).await.unwrap();
    following.reaches(place.head().await).await;
    assert_eq!(rows(&view).await, fresh(&place, balances()).await);
}

#[tokio::test]
async fn an_empty_log_makes_an_empty_view() {
    let place = Place::new().await;
    let done = rebuild(&place).await.with(balances()).run().await.unwrap();
    assert_eq!(done[0].rows, 0);
    let view = place.subscriber(balances()).view();
    assert!(rows::<Balance>(&view).await.is_empty());
}

#[tokio::test]
async fn texts_that_copy_would_take_for_its_own_arrive() {
    let place = Place::new().await;
    let odd = [
        "tab\there",
        "line\nfeed",
        "back\\slash",
        "\\N",
        "\\.",
        "ñandú",
    ];
    for name in odd {
        deposit(&*place.storage, name, 0, &[1]).await.unwrap();
    }
    rebuild(&place).await.with(balances()).run().await.unwrap();
    let view = place.subscriber(balances()).view();
    for name in odd {
        assert!(view.get(name).await.unwrap().is_some(), "{name:?}");
    }
}

#[tokio::test]
async fn another_table_is_not_touched() {
    let place = Place::new().await;
    deposit(&*place.storage, "a", 0, &[1]).await.unwrap();
    place
        .sql("create table balance_v1__rebuild (kept int); insert into balance_v1__rebuild values (1)")
        .await;
    let refused = rebuild(&place).await.with(balances()).run().await;
    assert!(refused.is_err());
    assert_eq!(
        number(&place, "select count(*) from balance_v1__rebuild").await,
        1
    );

    let twice = rebuild(&place)
        .await
        .with(balances())
        .with(balances())
        .run()
        .await;
    assert!(matches!(
        twice,
        Err(ingesta_projections::RebuildError::Unusable { .. })
    ));
}
