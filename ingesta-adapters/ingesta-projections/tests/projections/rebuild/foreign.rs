//! A table that somebody else has filled is neither replaced nor dropped.

use ingesta_event_store::StoreError;
use ingesta_projections::{RebuildError, Rebuilt};

use super::{holding, number, rebuild, said};
use crate::accounts::{balances, deposit};
use crate::place::{Place, quick};

const ROWS: &str = "select count(*) from balance_v1";

#[track_caller]
fn refused(done: &Result<Vec<Rebuilt>, RebuildError>) {
    assert!(
        matches!(done, Err(RebuildError::Store(StoreError::Refused { .. }))),
        "{done:?}"
    );
}

#[tokio::test]
async fn t_rows_that_no_projection_has_marked_are_left_alone() {
    let place = Place::new().await;
    deposit(&*place.storage, "acc", 0, &[1]).await.unwrap();
    // As a plain postgres-es makes it.
    place
        .sql(
            "create table balance_v1 (view_id text primary key, version bigint check (version >= 0)
               not null, payload json not null);
             insert into balance_v1 values ('mine', 7, '{}')",
        )
        .await;
    refused(&rebuild(&place).await.with(balances()).run().await);
    let mine = "select count(*) from balance_v1 where view_id = 'mine' and version = 7";
    assert_eq!(number(&place, mine).await, 1);

    // Without rows there is nothing that could be lost.
    place.sql("delete from balance_v1").await;
    let done = rebuild(&place).await.with(balances()).run().await.unwrap();
    assert_eq!(done[0].rows, 1);
    assert_eq!(number(&place, ROWS).await, 1);
}

#[tokio::test]
async fn t_a_table_that_changes_hands_before_the_swap_is_left_alone() {
    let place = Place::new().await;
    deposit(&*place.storage, "acc", 0, &[1]).await.unwrap();
    let (following, _) = place.follow(balances(), quick());
    following.reaches(place.head().await).await;
    following.stop().await;
    let reader = holding(&place, "balance_v1", "access share").await;
    let running = rebuild(&place).await.with(balances());
    let mut progress = running.progress();
    let task = tokio::spawn(running.run());
    let in_use = |p: &ingesta_projections::RebuildProgress| said(p, "in use");
    progress.wait_for(in_use).await.unwrap();
    place
        .sql("comment on table balance_v1 is 'ingesta projection other'")
        .await;
    reader.rollback().await.unwrap();
    refused(&task.await.unwrap());
    let marked = "select count(*) from pg_class where relname = 'balance_v1'
                   and obj_description(oid, 'pg_class') = 'ingesta projection other'";
    assert_eq!(number(&place, marked).await, 1);
    // The next one is refused before it reads anything.
    let again = rebuild(&place).await.with(balances());
    let progress = again.progress();
    refused(&again.run().await);
    assert_eq!(progress.borrow().pass, 0);
}
