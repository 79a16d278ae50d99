//! The log under transactions that commit late, stand open or break the rule.

use std::time::Duration;

use ingesta_event_store::{EventStorage, Position, PostgresStorage, StoreError, TypeFilter};
use sqlx::{Connection, PgConnection};

use crate::support::{Fixture, append, page, seen_now};

const INSERT: &str = "insert into events (aggregate_type, aggregate_id, sequence, event_type, \
     event_version, payload, metadata) values ('Counter', ";

async fn session(fixture: &Fixture) -> PgConnection {
    PgConnection::connect(&fixture.url).await.unwrap()
}

async fn run(session: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(sql).execute(session).await.unwrap();
}

#[tokio::test]
async fn t_08_a_late_commit_is_never_skipped() {
    let fixture = Fixture::migrated().await;
    let mut late = session(&fixture).await;
    run(&mut late, "begin").await;
    run(
        &mut late,
        &format!("{INSERT} 'late', 1, 'Added', '1', '{{}}', '{{}}')"),
    )
    .await;
    let quick = fixture
        .storage
        .append(append("quick", 0, &[1]))
        .await
        .unwrap();

    // The quick one is committed and has the greater position; a reader by position alone would
    // take it and pass over the late one for good.
    let held = seen_now(&fixture.storage, Position::START).await;
    assert!(
        held.events.is_empty(),
        "nothing may be read past an open writer"
    );
    assert_eq!(fixture.storage.head().await.unwrap(), quick.position);

    run(&mut late, "commit").await;
    let read = page(&fixture.storage, Position::START).await;
    let ids: Vec<_> = read
        .events
        .iter()
        .map(|e| e.stream.aggregate_id.as_str())
        .collect();
    assert_eq!(ids, ["late", "quick"]);
    assert!(
        seen_now(&fixture.storage, read.reached)
            .await
            .events
            .is_empty()
    );
}

#[tokio::test]
async fn t_08_an_idle_writer_stalls_the_log_visibly() {
    let fixture = Fixture::migrated().await;
    run(
        &mut session(&fixture).await,
        "create table elsewhere (n int)",
    )
    .await;
    let mut idle = session(&fixture).await;
    run(
        &mut idle,
        "set idle_in_transaction_session_timeout = 0; begin",
    )
    .await;
    run(&mut idle, "insert into elsewhere values (1)").await;
    let pid: i32 = sqlx::query_scalar("select pg_backend_pid()")
        .fetch_one(&mut idle)
        .await
        .unwrap();
    fixture
        .storage
        .append(append("waiting", 0, &[1]))
        .await
        .unwrap();

    assert!(
        seen_now(&fixture.storage, Position::START)
            .await
            .events
            .is_empty()
    );
    // Other tests have older writers for a moment; this one stays.
    ingesta_testing::eventually("the idle writer to be named", async || {
        let lag = fixture.storage.lag(Position::START).await.unwrap();
        assert_eq!((lag.events, lag.held_back), (1, 1));
        let blocker = lag.blocker.filter(|b| b.pid == Some(pid))?;
        assert_eq!(blocker.state, "idle in transaction");
        (blocker.age > Duration::ZERO).then_some(())
    })
    .await;

    run(&mut idle, "rollback").await;
    assert_eq!(
        page(&fixture.storage, Position::START).await.events.len(),
        1
    );
    ingesta_testing::eventually("the stall to be over", async || {
        let lag = fixture.storage.lag(Position::START).await.unwrap();
        (lag.held_back == 0 && lag.blocker.is_none()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_idle_reader_stalls_nobody() {
    let fixture = Fixture::migrated().await;
    let mut reader = session(&fixture).await;
    run(
        &mut reader,
        "begin isolation level repeatable read; select count(*) from events",
    )
    .await;
    fixture
        .storage
        .append(append("seen", 0, &[1]))
        .await
        .unwrap();
    assert_eq!(
        page(&fixture.storage, Position::START).await.events.len(),
        1
    );
}

#[tokio::test]
async fn an_event_before_its_predecessor_stops_the_reader_loudly() {
    let fixture = Fixture::migrated().await;
    fixture
        .storage
        .append(append("fine", 0, &[1]))
        .await
        .unwrap();
    // What no writer of ours does: a gap.
    fixture
        .execute(&format!("{INSERT} 'gap', 2, 'Added', '1', '{{}}', '{{}}')"))
        .await;
    let violation = ingesta_testing::eventually("the gap to be seen", async || {
        fixture
            .storage
            .read_after(Position::START, &TypeFilter::All, 10)
            .await
            .err()
    });
    let StoreError::OrderViolated { stream, sequence } = violation.await else {
        panic!("the gap is told as a gap");
    };
    assert_eq!((stream.aggregate_id.as_str(), sequence), ("gap", 2));
}

#[tokio::test]
async fn a_gap_behind_what_a_store_has_read_is_told_as_often_as_it_is_read() {
    let fixture = Fixture::migrated().await;
    for version in 0..2 {
        let next = append("known", version, &[1]);
        fixture.storage.append(next).await.unwrap();
    }
    let read = page(&fixture.storage, Position::START).await;
    assert_eq!(read.events.len(), 2, "from now on it knows the stream");
    fixture
        .execute(&format!(
            "{INSERT} 'known', 4, 'Added', '1', '{{}}', '{{}}')"
        ))
        .await;
    // A store that was here, one that begins behind it, and the first again.
    let stranger = PostgresStorage::new(fixture.storage.database().clone());
    for storage in [&fixture.storage, &stranger, &fixture.storage] {
        let violation = ingesta_testing::eventually("the gap to be seen", async || {
            let rest = storage.read_after(read.reached, &TypeFilter::All, 10);
            rest.await.err()
        });
        let StoreError::OrderViolated { sequence, .. } = violation.await else {
            panic!("the gap is told as a gap");
        };
        assert_eq!(sequence, 4);
    }
}

#[tokio::test]
async fn a_reader_that_begins_in_the_middle_looks_up_what_it_has_not_read() {
    let fixture = Fixture::migrated().await;
    for version in 0..4 {
        let next = append("long", version, &[1]);
        fixture.storage.append(next).await.unwrap();
    }
    let all = page(&fixture.storage, Position::START).await.events;
    let stranger = PostgresStorage::new(fixture.storage.database().clone());
    for from in [2, 0, 1] {
        let rest = page(&stranger, all[from].position).await.events;
        assert_eq!(rest, all[from + 1..]);
    }
}

#[tokio::test]
async fn an_event_of_an_older_transaction_than_its_predecessor_stops_the_reader_loudly() {
    let fixture = Fixture::migrated().await;
    let mut older = session(&fixture).await;
    // It has its transaction id before its predecessor is written: no writer of ours does that.
    run(&mut older, "begin; select pg_current_xact_id()").await;
    fixture
        .storage
        .append(append("turned", 0, &[1]))
        .await
        .unwrap();
    run(
        &mut older,
        &format!("{INSERT} 'turned', 2, 'Added', '1', '{{}}', '{{}}')"),
    )
    .await;
    run(&mut older, "commit").await;
    let violation = ingesta_testing::eventually("the inversion to be seen", async || {
        let read = fixture
            .storage
            .read_after(Position::START, &TypeFilter::All, 10);
        read.await.err()
    });
    let StoreError::OrderViolated { stream, sequence } = violation.await else {
        panic!("the inversion is told as one");
    };
    assert_eq!((stream.aggregate_id.as_str(), sequence), ("turned", 2));
}

#[tokio::test]
async fn a_page_moves_on_over_events_that_nobody_wants() {
    let fixture = Fixture::migrated().await;
    for id in ["a", "b", "c"] {
        fixture.storage.append(append(id, 0, &[1])).await.unwrap();
    }
    assert_eq!(
        page(&fixture.storage, Position::START).await.events.len(),
        3
    );
    let nobody = TypeFilter::Only(vec!["Meter".into()]);
    let page = fixture
        .storage
        .read_after(Position::START, &nobody, 2)
        .await
        .unwrap();
    assert!(page.events.is_empty() && page.more);
    let page = fixture
        .storage
        .read_after(page.reached, &nobody, 2)
        .await
        .unwrap();
    assert!(page.events.is_empty() && !page.more);
    assert_eq!(page.reached, fixture.storage.head().await.unwrap());
}
