//! A table that somebody has renamed by hand keeps the names of its keys, and is in nobody's way.

use super::{fresh, nothing_is_left, number, rebuild, rows};
use crate::accounts::{balances, deposit};
use crate::place::{Place, quick};

async fn place() -> Place {
    let place = Place::new().await;
    deposit(&*place.storage, "acc", 0, &[1, 2]).await.unwrap();
    let (following, _) = place.follow(balances(), quick());
    following.reaches(place.head().await).await;
    following.stop().await;
    place
}

/// Rebuilds the view, as often as it takes for every name to have been taken and given.
async fn is_rebuilt(place: &Place) {
    for _ in 0..2 {
        let done = rebuild(place).await.with(balances()).run().await;
        assert_eq!(done.unwrap()[0].rows, 1);
        let keyed = "select count(*) from pg_constraint
                      where conrelid = 'balance_v1'::regclass and contype = 'p'";
        assert_eq!(number(place, keyed).await, 1, "it has no key");
        let view = place.subscriber(balances()).view();
        assert_eq!(rows(&view).await, fresh(place, balances()).await);
    }
}

#[tokio::test]
async fn t_a_view_that_was_put_aside_by_hand_stays_there_beside_the_rebuilt_one() {
    let place = place().await;
    for aside in ["balance_v1_monday", "balance_v1_tuesday"] {
        let rename = format!("alter table balance_v1 rename to {aside}");
        place.sql(&rename).await;
        is_rebuilt(&place).await;
        let kept = format!("select count(*) from {aside}");
        assert_eq!(number(&place, &kept).await, 1, "{aside}");
    }
    nothing_is_left(&place).await;
}

#[tokio::test]
async fn t_keys_of_others_with_the_names_of_a_rebuilds_are_in_nobodys_way() {
    let place = place().await;
    place
        .sql(
            "create table others (a int constraint balance_v1__rebuild_pkey primary key,
                                  b int constraint balance_v1__rebuild_view_id_idx unique,
                                  c int constraint balance_v1__old_pkey unique)",
        )
        .await;
    is_rebuilt(&place).await;
    place.sql("drop table others").await;
    nothing_is_left(&place).await;
}
