//! An existing postgres-es database is adopted by the migration, and plain postgres-es goes on
//! reading and writing the same table.

use std::collections::HashMap;

use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{CqrsFramework, EventStore};
use ingesta_event_store::{CommandContext, EventStorage, Position, StreamId};
use postgres_es::PostgresEventRepository;

use crate::support::{Add, Counter, Fixture, page};

const INIT: &str = "
create table events (
    aggregate_type text not null, aggregate_id text not null,
    sequence bigint check (sequence >= 0) not null, event_type text not null,
    event_version text not null, payload json not null, metadata json not null,
    primary key (aggregate_type, aggregate_id, sequence));";

fn vanilla(
    fixture: &Fixture,
) -> CqrsFramework<Counter, PersistedEventStore<PostgresEventRepository, Counter>> {
    let repository = PostgresEventRepository::new(fixture.database.pool().clone());
    CqrsFramework::new(PersistedEventStore::new_event_store(repository), vec![], ())
}

#[tokio::test]
async fn old_rows_get_a_log_order_in_which_each_sequence_grows() {
    let fixture = Fixture::empty().await;
    fixture.execute(INIT).await;
    let old = vanilla(&fixture);
    for (id, number) in [("a", 1), ("b", 2), ("a", 3), ("c", 4), ("b", 5)] {
        old.execute(id, Add(vec![number])).await.unwrap();
    }
    // A later event that was written into an earlier hole of the heap.
    fixture
        .execute(
            "create table copy as select * from events; truncate events;
             insert into events select * from copy order by sequence desc, aggregate_id desc;
             drop table copy",
        )
        .await;
    assert_eq!(
        fixture.number("select sequence from events limit 1").await,
        2
    );

    let status = fixture.database.migrate().await.unwrap();
    assert_eq!((status.from, status.applied.len()), (0, 3));

    let adopted = page(&fixture.storage, Position::START).await;
    assert_eq!(adopted.events.len(), 5);
    assert!(
        adopted.events.iter().all(|e| e.recorded_at.is_none()),
        "unknown times stay unknown"
    );
    for id in ["a", "b", "c"] {
        let sequences: Vec<_> = adopted
            .events
            .iter()
            .filter(|e| e.stream.aggregate_id == id)
            .map(|e| e.sequence)
            .collect();
        assert!(sequences.is_sorted(), "{id}: {sequences:?}");
    }
    let counters = fixture.counters();
    let after = counters
        .execute("a", Add(vec![10]), CommandContext::default())
        .await
        .unwrap();
    assert_eq!(after.version, 3);
    assert_eq!(counters.load("a").await.unwrap().state.seen, [1, 3, 10]);
    assert!(after.position > adopted.reached);
    assert_eq!(fixture.database.migrate().await.unwrap().applied, [""; 0]);
}

#[tokio::test]
async fn a_table_in_which_events_were_deleted_is_adopted_and_followed() {
    let fixture = Fixture::empty().await;
    fixture.execute(INIT).await;
    let old = vanilla(&fixture);
    old.execute("a", Add(vec![1, 2, 3])).await.unwrap();
    old.execute("b", Add(vec![1, 2])).await.unwrap();
    fixture
        .execute("delete from events where (aggregate_id, sequence) in (('a', 2), ('b', 1))")
        .await;
    fixture.database.migrate().await.unwrap();
    let context = CommandContext::default();
    fixture
        .counters()
        .execute("b", Add(vec![9]), context)
        .await
        .unwrap();
    let log = page(&fixture.storage, Position::START).await;
    let ids: Vec<_> = log
        .events
        .iter()
        .map(ingesta_event_store::RecordedEvent::id)
        .collect();
    assert_eq!(
        ids,
        ["Counter/a/1", "Counter/a/3", "Counter/b/2", "Counter/b/3"]
    );
}

#[tokio::test]
async fn plain_postgres_es_and_ours_share_a_table_at_the_same_time() {
    let fixture = Fixture::migrated().await;
    let counters = fixture.counters();
    let ours = async {
        for number in 1..=100 {
            let context = CommandContext::default();
            counters
                .execute("shared", Add(vec![number, 1]), context)
                .await
                .unwrap();
        }
    };
    let old = vanilla(&fixture);
    let theirs = async {
        for number in 1..=100 {
            // Plain cqrs-es leaves the retry after a conflict to its caller.
            while old
                .execute("shared", Add(vec![number * 1000]))
                .await
                .is_err()
            {}
        }
    };
    tokio::join!(ours, theirs);

    let expected: i64 = (1..=100).map(|n| n + 1 + n * 1000).sum();
    let loaded = counters.load("shared").await.unwrap();
    assert_eq!((loaded.state.sum, loaded.version), (expected, 300));
    let repository = PostgresEventRepository::new(fixture.database.pool().clone());
    let store = PersistedEventStore::<_, Counter>::new_event_store(repository);
    let read_by_vanilla = store.load_events("shared").await.unwrap();
    assert_eq!(read_by_vanilla.len(), 300);
    let log = page(&fixture.storage, Position::START).await;
    let sequences: Vec<_> = log.events.iter().map(|e| e.sequence).collect();
    assert_eq!(sequences, (1..=300).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_cqrs_framework_runs_on_our_store_and_a_command_id_in_the_metadata_counts_once() {
    let fixture = Fixture::migrated().await;
    let store = ingesta_event_store::CqrsEventStore::new(
        std::sync::Arc::new(fixture.storage.clone()),
        ingesta_event_store::EventCodec::default(),
    );
    let framework = CqrsFramework::<Counter, _>::new(store, vec![], ());
    let metadata = HashMap::from([("command_id".to_owned(), "once".to_owned())]);
    framework
        .execute_with_metadata("c", Add(vec![1, 2]), metadata.clone())
        .await
        .unwrap();
    framework.execute("c", Add(vec![3])).await.unwrap();
    framework
        .execute("c", Add(vec![0]))
        .await
        .expect_err("zero is refused");
    framework
        .execute_with_metadata("c", Add(vec![1, 2]), metadata)
        .await
        .unwrap();
    let events = fixture
        .storage
        .load(&StreamId::of::<Counter>("c"), 0)
        .await
        .unwrap();
    assert_eq!(events.len(), 3, "the repeat stored nothing");
}
