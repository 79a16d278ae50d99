//! Every moment at which a rebuild may be killed leaves a state that another one can judge.

use super::{fresh, interrupted_before_the_swap, nothing_is_left, rebuild, rows};
use crate::accounts::{balances, deposit};
use crate::changes::Closures;
use crate::place::{Place, quick};

/// An account with deposits, and a view of them that nobody follows any more.
async fn place() -> Place {
    let place = Place::new().await;
    for account in 0..5 {
        deposit(&*place.storage, &format!("acc-{account}"), 0, &[1, 2, 3])
            .await
            .unwrap();
    }
    let (following, _) = place.follow(Closures::tally(), quick());
    following.reaches(place.head().await).await;
    following.stop().await;
    place
}

/// Runs one more rebuild; it must go on, or begin anew, and end in a fold of the log.
#[track_caller]
fn ends_in_a_fold(place: &Place, resumed: bool) -> impl Future<Output = ()> + '_ {
    let caller = std::panic::Location::caller();
    async move {
        let rebuild = rebuild(place).await.with(Closures::tally());
        let done = rebuild.run().await.unwrap();
        assert_eq!(done[0].resumed, resumed, "{caller}");
        let view = place.subscriber(Closures::tally()).view();
        assert!(
            rows(&view).await == fresh(place, Closures::tally()).await,
            "{caller}: the view is no fold of the log"
        );
        nothing_is_left(place).await;
    }
}

#[tokio::test]
async fn t_killed_when_all_rows_were_written_it_does_not_write_them_again() {
    let place = place().await;
    interrupted_before_the_swap(&place, Closures::tally()).await;
    place
        .sql("update ingesta_rebuilds set phase = 'folding', done_below = null")
        .await;
    ends_in_a_fold(&place, true).await;
}

#[tokio::test]
async fn t_the_last_row_and_the_end_of_the_fold_are_one_statement() {
    let place = place().await;
    place
        .sql(
            "create function too_late() returns trigger language plpgsql as $$ begin
               if new.phase = 'indexing' and old.done_below is null then
                 raise exception 'told in a statement of its own';
               end if;
               return new;
             end $$;
             create trigger too_late before update on ingesta_rebuilds
               for each row execute function too_late()",
        )
        .await;
    ends_in_a_fold(&place, false).await;
}

#[tokio::test]
async fn t_a_removed_subscription_makes_it_begin_anew() {
    let place = place().await;
    interrupted_before_the_swap(&place, Closures::tally()).await;
    place
        .sql("delete from ingesta_subscriptions where name = 'tally-v1.rebuild'")
        .await;
    ends_in_a_fold(&place, false).await;
}

#[tokio::test]
async fn t_another_program_that_died_with_an_empty_table_leaves_no_state_behind() {
    let place = place().await;
    interrupted_before_the_swap(&place, Closures::tally()).await;
    // To this program, what is there is another's; and it dies before it has begun its own.
    place
        .sql(
            "update ingesta_rebuilds set made_by = 'other: ' || made_by;
             create function dies() returns trigger language plpgsql as $$ begin
               raise exception 'killed';
             end $$;
             create trigger dies before insert on ingesta_rebuilds
               for each row execute function dies()",
        )
        .await;
    let died = rebuild(&place).await.with(Closures::tally()).run().await;
    assert!(died.is_err(), "{died:?}");
    // Now the first program runs again, with its table empty.
    place
        .sql(
            "drop trigger dies on ingesta_rebuilds;
             update ingesta_rebuilds set made_by = substr(made_by, 8)",
        )
        .await;
    ends_in_a_fold(&place, false).await;
}

#[tokio::test]
async fn t_a_rebuild_of_several_is_told_apart_from_the_others() {
    let place = place().await;
    interrupted_before_the_swap(&place, Closures::tally()).await;
    // Another projection begins and ends; the state of the first is left alone.
    let other = rebuild(&place).await.with(balances()).run().await.unwrap();
    assert!(!other[0].resumed);
    ends_in_a_fold(&place, true).await;
}
