//! The table of timers on Postgres: made once, and refused where it is another one.

use std::sync::Arc;

use ingesta_event_store::StoreError;
use ingesta_sagas::{PostgresTimers, Timers};

use crate::ground::Ground;
use crate::timers::{NOW, names, set, setting};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_that_start_together_all_find_the_table() {
    let ground = Ground::postgres().await;
    let starts = (0..6).map(|_| {
        let timers = Arc::clone(&ground.timers);
        tokio::spawn(async move { timers.prepare().await })
    });
    for start in starts.collect::<Vec<_>>() {
        start.await.unwrap().unwrap();
    }
    set(&ground, [setting("1", "a", "t", NOW)]).await;
    ground.timers.prepare().await.unwrap();
    assert_eq!(
        names(&ground).await,
        ["1/a"],
        "a later start changes nothing"
    );
}

#[tokio::test]
async fn a_table_of_another_layout_is_refused() {
    let ground = Ground::postgres().await;
    let database = ground.database.clone().unwrap();
    let timers = PostgresTimers::new(&database);
    timers.prepare().await.unwrap();
    sqlx::raw_sql("comment on table ingesta_timers is 'ingesta sagas, layout 2'")
        .execute(database.pool())
        .await
        .unwrap();
    let refused = timers.prepare().await;
    assert!(matches!(refused, Err(StoreError::Refused { .. })));
}
