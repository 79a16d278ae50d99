//! The list of projections that an operator sees.

use ingesta_projections::{ProjectionError, projection_statuses};

use crate::accounts::{balances, deposit};
use crate::changes::{Closures, amount};
use crate::place::{Place, quick};

#[tokio::test]
async fn the_list_shows_place_lag_rows_and_parked_streams() {
    let place = Place::new().await;
    let tally = || {
        Closures::tally().keyed(|event| match amount(event) {
            13 => Err(ProjectionError::refused(
                "unlucky",
                "the amount is not liked",
            )),
            _ => Ok(vec![event.stream.aggregate_id.clone()]),
        })
    };
    let entries = [
        place.subscriber(balances()).entry(),
        place.subscriber(tally()).entry(),
    ];
    for account in ["a", "b", "c"] {
        deposit(&*place.storage, account, 0, &[1]).await.unwrap();
    }
    deposit(&*place.storage, "bad", 0, &[13]).await.unwrap();
    let list = projection_statuses(&*place.storage, &place.database, &entries)
        .await
        .unwrap();
    assert!(
        list.iter()
            .all(|p| p.checkpoint.is_none() && p.rows_estimate.is_none()),
        "{list:?}"
    );

    let (following, _) = place.follow(tally(), quick());
    following.reaches(place.head().await).await;
    place.sql("analyze tally_v1").await;
    let list = projection_statuses(&*place.storage, &place.database, &entries)
        .await
        .unwrap();
    let [never_ran, ran] = &list[..] else {
        panic!("{list:?}")
    };
    assert_eq!(
        (never_ran.name.as_str(), never_ran.table.as_str()),
        ("balance-v1", "balance_v1")
    );
    assert_eq!((never_ran.checkpoint, never_ran.lag.events), (None, 4));
    assert_eq!((never_ran.running, never_ran.rows_estimate), (false, None));
    assert_eq!(ran.name, "tally-v1");
    assert_eq!(
        (ran.checkpoint, ran.lag.events),
        (Some(place.head().await), 0)
    );
    assert_eq!(
        (ran.running, ran.rows_estimate, ran.parked),
        (true, Some(3), 1)
    );
    assert!(ran.moved_at.is_some() && !ran.cluster_changed);
    following.stop().await;
}
