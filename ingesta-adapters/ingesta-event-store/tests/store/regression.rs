//! What the foundation does wrong, ours does right: one test per defect of cqrs-es and postgres-es
//! 0.5.0 that concerns the log. (Views: the projections' tests. Snapshots: `regression_snapshots`.)

use ingesta_event_store::{CommandContext, EventStorage, Position, StoreError, TypeFilter};

use crate::support::{Add, Fixture, append, page};

/// postgres-es: `stream_events` unwraps in a spawned task; `replay_all` answers `Ok(())`.
#[tokio::test]
async fn regression_a_database_error_while_reading_is_an_error() {
    let fixture = Fixture::migrated().await;
    fixture.storage.append(append("c", 0, &[1])).await.unwrap();
    fixture
        .execute("alter table events rename column metadata to metadatos")
        .await;
    let read = fixture
        .storage
        .read_after(Position::START, &TypeFilter::All, 10)
        .await;
    assert!(matches!(read, Err(StoreError::Refused { .. })), "{read:?}");
}

/// The same defect by another road: the replaying backend dies in the middle.
#[tokio::test]
async fn regression_a_killed_backend_never_shortens_a_replay() {
    let fixture = Fixture::migrated().await;
    for id in 0..50 {
        fixture
            .storage
            .append(append(&id.to_string(), 0, &[1; 20]))
            .await
            .unwrap();
    }
    // What was readable once stays readable.
    assert_eq!(
        page(&fixture.storage, Position::START).await.events.len(),
        1_000
    );
    let reader = fixture.another().await;
    let (mut read, mut after, mut errors) = (0, Position::START, 0);
    while read < 1_000 {
        if read % 100 == 0 && errors <= read / 100 {
            fixture
                .execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity
                      where datname = current_database() and pid <> pg_backend_pid()",
                )
                .await;
        }
        match reader.read_after(after, &TypeFilter::All, 50).await {
            Ok(page) => {
                assert!(
                    !page.events.is_empty(),
                    "a short read passed for the end at {read}"
                );
                read += page.events.len();
                after = page.reached;
            }
            Err(error) => {
                assert!(error.is_transient(), "{error:?}");
                errors += 1;
            }
        }
    }
    assert_eq!(after, fixture.storage.head().await.unwrap());
}

/// postgres-es: `order by sequence`, so all first events come before all second ones.
#[tokio::test]
async fn regression_the_log_is_in_the_order_of_writing_not_of_sequences() {
    let fixture = Fixture::migrated().await;
    let counters = fixture.counters();
    for id in ["x", "x", "y", "x", "y"] {
        counters
            .execute(id, Add(vec![1]), CommandContext::default())
            .await
            .unwrap();
    }
    let log = page(&fixture.storage, Position::START).await;
    let order: Vec<_> = log
        .events
        .iter()
        .map(|e| (e.stream.aggregate_id.as_str(), e.sequence))
        .collect();
    assert_eq!(order, [("x", 1), ("x", 2), ("y", 1), ("x", 3), ("y", 2)]);
}

/// postgres-es: no position and no time.
#[tokio::test]
async fn regression_every_event_has_a_position_and_a_time() {
    let fixture = Fixture::migrated().await;
    fixture
        .storage
        .append(append("c", 0, &[1, 2]))
        .await
        .unwrap();
    let log = page(&fixture.storage, Position::START).await;
    assert!(
        log.events
            .iter()
            .all(|e| e.recorded_at.is_some() && e.position > Position::START)
    );
    assert!(log.events[0].position < log.events[1].position);
}

/// postgres-es: BEGIN, one INSERT per event, COMMIT.
#[tokio::test]
async fn regression_a_command_is_one_transaction_of_one_statement() {
    let fixture = Fixture::migrated().await;
    fixture
        .storage
        .append(append("c", 0, &[1, 2, 3, 4, 5]))
        .await
        .unwrap();
    assert_eq!(
        fixture
            .number("select count(distinct xact) from events")
            .await,
        1
    );
    // A statement of its own: it commits though nobody sends COMMIT, and sees one statement time.
    assert_eq!(
        fixture
            .number("select count(distinct (xmin, cmin)::text) from events")
            .await,
        1
    );
}

/// postgres-es: `sequence as i32` bound to a bigint column.
#[tokio::test]
async fn regression_sequences_are_not_cut_to_32_bits() {
    let fixture = Fixture::migrated().await;
    let beyond = u64::try_from(i32::MAX).unwrap() + 1;
    fixture
        .execute(&format!(
            "insert into events (aggregate_type, aggregate_id, sequence, event_type, \
             event_version, payload, metadata) values \
             ('Counter', 'long', {beyond}, 'Added', '1', '{{\"Added\":{{\"number\":1}}}}', '{{}}')"
        ))
        .await;
    let executed = fixture
        .counters()
        .execute("long", Add(vec![2]), CommandContext::default())
        .await;
    assert_eq!(executed.unwrap().version, beyond + 1);
}

/// cqrs-es: the event that cannot be read is not named.
#[tokio::test]
async fn regression_an_unreadable_event_is_named_and_not_quoted() {
    let fixture = Fixture::migrated().await;
    let mut odd = append("c", 0, &[1]);
    odd.streams[0].events[0].payload = r#"{"Added":{"number":"secret"}}"#.to_owned();
    fixture.storage.append(odd).await.unwrap();
    let error = fixture.counters().load("c").await.unwrap_err();
    let source = std::error::Error::source(&error)
        .map(ToString::to_string)
        .unwrap_or_default();
    let text = format!("{error} {source} {error:?}");
    assert!(
        text.contains("Counter/c/1") && text.contains("Added"),
        "{text}"
    );
    assert!(!text.contains("secret"), "{text}");
}
