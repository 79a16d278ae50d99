//! A view that does not fit into the memory setting: several passes, and what may happen between.

use ingesta_projections::{Change, ProjectionError, Rebuild, RebuildError, RebuildOptions};

use super::{fresh, nothing_is_left, options, rebuild, rows};
use crate::accounts::deposit;
use crate::changes::{Closures, add, amount};
use crate::place::{Place, parked};

/// Every event touches twenty rows whose keys are long.
fn wide() -> Closures {
    Closures::tally().keyed(|event| {
        let (account, amount) = (&event.stream.aggregate_id, amount(event));
        let key = |n: i64| {
            format!(
                "{:05}-{account}-{}",
                (amount * 7919 + n * 104_729) % 99_991,
                "k".repeat(1_500)
            )
        };
        Ok((0..20).map(key).collect())
    })
}

async fn place_with_events() -> Place {
    let place = Place::new().await;
    for account in 0..22 {
        let amounts: Vec<i64> = (0..25).map(|n| account * 25 + n).collect();
        deposit(&*place.storage, &format!("acc-{account}"), 0, &amounts)
            .await
            .unwrap();
    }
    place
}

async fn small(place: &Place) -> Rebuild {
    rebuild(place).await.options(RebuildOptions {
        memory_bytes: 0,
        ..options()
    })
}

#[tokio::test]
async fn what_does_not_fit_into_memory_is_folded_in_several_passes() {
    let place = place_with_events().await;
    let rebuild = small(&place).await.with(wide());
    let progress = rebuild.progress();
    let done = rebuild.run().await.unwrap();
    assert!(progress.borrow().pass > 1, "15 MB of keys fitted into 4");
    let view = place.subscriber(wide()).view();
    let (rows, fresh) = (rows(&view).await, fresh(&place, wide()).await);
    assert_eq!(done[0].rows, rows.len() as u64);
    assert!(rows == fresh, "{} rows and {}", rows.len(), fresh.len());
}

#[tokio::test]
async fn killed_between_two_slices_it_goes_on_with_the_next_one() {
    let place = place_with_events().await;
    let mut done = None;
    for pass in [2, 1] {
        let rebuild = small(&place).await.with(wide());
        let mut progress = rebuild.progress();
        let mut task = tokio::spawn(rebuild.run());
        let there = progress.wait_for(|progress| progress.pass > pass);
        tokio::select! {
            ended = &mut task => done = Some(ended.unwrap().unwrap()),
            _ = there => {}
        }
        task.abort();
    }
    let done = match done {
        Some(done) => done,
        None => small(&place).await.with(wide()).run().await.unwrap(),
    };
    assert!(done[0].resumed);
    let view = place.subscriber(wide()).view();
    let (rows, fresh) = (rows(&view).await, fresh(&place, wide()).await);
    assert_eq!(done[0].rows, rows.len() as u64);
    assert!(rows == fresh, "{} rows and {}", rows.len(), fresh.len());
    nothing_is_left(&place).await;
}

/// Fails at one of the last events, and only in rows of the last slices. The memory is looked at
/// after every 512 events: the first pass has given these rows up before it comes to them. One,
/// for where another one fails behind it all is folded again, whatever became of the first.
fn late() -> Closures {
    wide().applied(|key, tally, event| {
        if amount(event) == 540 && key > "9" {
            return Err(ProjectionError::refused("unlucky", "an amount of bad luck"));
        }
        add(tally, event);
        Ok(Change::Keep)
    })
}

/// Refuses a write of a rebuild, as a kill before it would prevent it.
async fn dies_at(place: &Place, write: &str, when: &str) {
    place
        .sql(&format!(
            "create function dies() returns trigger language plpgsql as $$ begin
               raise exception 'killed';
             end $$;
             create trigger dies before {write}
               for each row when ({when}) execute function dies()"
        ))
        .await;
}

#[tokio::test]
async fn t_killed_around_the_parking_in_a_later_slice_no_row_of_an_earlier_one_keeps_the_event() {
    let empties = "old.done_below > '' and new.done_below = ''";
    let parks = "new.subscription = 'tally-v1.rebuild'";
    let place = place_with_events().await;
    rebuild(&place).await.with(late()).run().await.unwrap();
    let view = place.subscriber(late()).view();
    let (whole, put_aside) = (rows(&view).await, parked(&place, "tally-v1").await);
    assert!(!put_aside.is_empty(), "nothing failed");
    for (write, when) in [
        ("update on ingesta_rebuilds", empties),
        ("insert on ingesta_parked_streams", parks),
    ] {
        dies_at(&place, write, when).await;
        let killed = small(&place).await.with(late());
        let progress = killed.progress();
        let ended = killed.run().await;
        assert!(
            matches!(ended, Err(RebuildError::Store(_))),
            "{write}: {ended:?}"
        );
        assert!(
            progress.borrow().rows_written > 0,
            "{write}: the first slice"
        );
        place.sql("drop function dies cascade").await;
        let done = small(&place).await.with(late()).run().await.unwrap();
        assert!(done[0].resumed, "{write}");
        assert!(
            rows(&view).await == whole,
            "{write}: the slices differ from the whole"
        );
        let (mut sliced, mut whole) = (parked(&place, "tally-v1").await, put_aside.clone());
        sliced.sort();
        whole.sort();
        assert_eq!(sliced, whole, "{write}");
        nothing_is_left(&place).await;
    }
}

#[tokio::test]
async fn an_event_that_fails_in_a_later_slice_is_in_no_row_of_an_earlier_one() {
    let place = place_with_events().await;
    let done = rebuild(&place).await.with(late()).run().await.unwrap();
    assert!(done[0].parked > 0, "nothing failed");
    let view = place.subscriber(late()).view();
    let (at_once, put_aside) = (rows(&view).await, parked(&place, "tally-v1").await);
    let rebuild = small(&place).await.with(late());
    let progress = rebuild.progress();
    let done = rebuild.run().await.unwrap();
    assert!(progress.borrow().pass > 2);
    assert_eq!(done[0].compared.unwrap().changed, 0);
    assert!(
        rows(&view).await == at_once,
        "the slices differ from the whole"
    );
    let mut sliced = parked(&place, "tally-v1").await;
    let mut whole = put_aside;
    sliced.sort();
    whole.sort();
    assert_eq!(sliced, whole);
}
