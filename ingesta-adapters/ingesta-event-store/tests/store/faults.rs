//! Callers that go away, connections that die: what is acknowledged stays, what is not known is
//! called unknown.

use std::time::Duration;

use ingesta_event_store::{AppendError, CommandContext, EventStorage};
use sqlx::{Connection, PgConnection};

use crate::support::{Add, Fixture, append, stamp};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_02_cancelled_callers_lose_nobodys_data() {
    let fixture = Fixture::migrated().await;
    let counters = fixture.counters();
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..12_u64 {
        let counters = counters.clone();
        tasks.spawn(async move {
            let mut acknowledged = 0;
            for round in 0..60_u64 {
                let id = format!("{task}-{round}");
                let work = counters.execute(&id, Add(vec![1, 2]), CommandContext::default());
                // Two thirds of the tasks hang up at a moment of their own.
                let patience = if task % 3 == 0 {
                    60_000_000
                } else {
                    (round * 7_919) % 6_000
                };
                match tokio::time::timeout(Duration::from_micros(patience), work).await {
                    Ok(done) => {
                        done.unwrap();
                        acknowledged += 1;
                    }
                    Err(_) => assert_ne!(task % 3, 0),
                }
            }
            acknowledged
        });
    }
    let acknowledged: i64 = tasks.join_all().await.into_iter().sum();
    assert!(acknowledged >= 4 * 60);
    // A detached command ends on its own: every stream that was asked for is there, and whole.
    let count = "select count(*) from (select 1 from events group by aggregate_id
                                        having count(*) = 2) whole";
    ingesta_testing::eventually("every cancelled command to end", async || {
        (fixture.number(count).await == 12 * 60).then_some(())
    })
    .await;
    let idle = "select count(*) from pg_stat_activity
                 where datname = current_database() and state like 'idle in transaction%'";
    assert_eq!(
        fixture.number(idle).await,
        0,
        "no session is left inside a transaction"
    );
}

/// Holds the key that the append wants, so that the append waits inside the server.
async fn rival(fixture: &Fixture) -> PgConnection {
    let mut rival = PgConnection::connect(&fixture.url).await.unwrap();
    let insert = "begin; insert into events (aggregate_type, aggregate_id, sequence, event_type, \
         event_version, payload, metadata) values ('Counter', 'c', 1, 'Added', '1', \
         '{\"Added\":{\"number\":9}}', '{}')";
    sqlx::raw_sql(insert).execute(&mut rival).await.unwrap();
    rival
}

async fn kill_waiting_append(fixture: &Fixture) {
    let waiting = "select count(*) from pg_stat_activity where datname = current_database()
                    and wait_event_type = 'Lock' and query like '%insert into events%'";
    ingesta_testing::eventually("the append to wait", async || {
        (fixture.number(waiting).await == 1).then_some(())
    })
    .await;
    let kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                 where datname = current_database() and wait_event_type = 'Lock'";
    assert_eq!(fixture.number(kill).await, 1);
}

#[tokio::test]
async fn t_06_a_lost_connection_is_answered_unknown_not_failed() {
    let fixture = Fixture::migrated().await;
    let rival = rival(&fixture).await;
    let storage = fixture.another().await;
    let append = tokio::spawn(async move { storage.append(append("c", 0, &[1])).await });
    kill_waiting_append(&fixture).await;
    let told = append.await.unwrap();
    assert!(matches!(told, Err(AppendError::Unknown(_))), "{told:?}");
    drop(rival);
}

#[tokio::test]
async fn t_06_an_unknown_outcome_is_resolved_by_its_command_id() {
    let fixture = Fixture::migrated().await;
    let mut rival = rival(&fixture).await;
    let counters = {
        let storage = std::sync::Arc::new(fixture.another().await);
        ingesta_event_store::Commands::<crate::support::Counter>::new(
            storage,
            ingesta_event_store::EventCodec::default(),
            (),
        )
    };
    let command = Add(vec![1]);
    let context = CommandContext::default().idempotent("mine", &command);
    let work = tokio::spawn(async move { counters.execute("c", command, context).await });
    kill_waiting_append(&fixture).await;
    sqlx::raw_sql("rollback").execute(&mut rival).await.unwrap();
    let executed = work
        .await
        .unwrap()
        .expect("asked again under the same id, it is known");
    assert_eq!(executed.version, 1);
    let stored = fixture.storage.command("mine").await.unwrap().unwrap();
    assert_eq!(stored.1.position, executed.position);
    assert_eq!(fixture.number("select count(*) from events").await, 1);
}

#[tokio::test]
async fn an_append_without_events_is_refused() {
    let fixture = Fixture::migrated().await;
    let mut empty = append("c", 0, &[]);
    empty.command = stamp("nothing", b"");
    assert!(matches!(
        fixture.storage.append(empty).await,
        Err(AppendError::NotStored(_))
    ));
}

#[tokio::test]
async fn t_06_a_failure_to_ask_again_leaves_the_first_outcome_unknown() {
    use ingesta_event_store::{CommandError, Commands, EventCodec, MemoryStorage, StoreError};
    let memory = MemoryStorage::new();
    let away = || StoreError::Unavailable {
        attempted: "testing",
        cause: "away".into(),
    };
    // Sent, unheard, and then the store is away for as long as anybody asks.
    memory.faults().fail_append(AppendError::Unknown(away()));
    for _ in 0..5 {
        memory.faults().fail_append(AppendError::NotStored(away()));
    }
    let storage = std::sync::Arc::new(memory.clone());
    let counters = Commands::<crate::support::Counter>::new(storage, EventCodec::default(), ());
    let command = Add(vec![1]);
    let context = CommandContext::default().idempotent("c", &command);
    let told = counters.execute("c", command, context).await;
    assert!(
        matches!(told, Err(CommandError::Unknown(_))),
        "it may have been stored: {told:?}"
    );
}

#[tokio::test]
async fn names_that_no_database_holds_are_refused_as_data() {
    let fixture = Fixture::migrated().await;
    let memory = ingesta_event_store::MemoryStorage::new();
    let long = "x".repeat(2_000);
    for (id, code) in [("nul\0", "22021"), (long.as_str(), "54000")] {
        for told in [
            fixture.storage.append(append(id, 0, &[1])).await,
            memory.append(append(id, 0, &[1])).await,
        ] {
            assert!(
                matches!(&told, Err(AppendError::Rejected { sqlstate }) if sqlstate == code),
                "{told:?}"
            );
        }
    }
    let nobody = ingesta_event_store::StreamId::of::<crate::support::Counter>("nul\0");
    assert!(fixture.storage.load(&nobody, 0).await.unwrap().is_empty());
    assert!(fixture.storage.command("nul\0").await.unwrap().is_none());
}
