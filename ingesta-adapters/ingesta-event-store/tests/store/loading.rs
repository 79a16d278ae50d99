//! Loading many streams at once: each caller gets its own, whatever becomes of the connections.

use std::sync::Arc;

use ingesta_event_store::{EventStorage, StreamId};

use crate::support::{Fixture, append};

const STREAMS: u32 = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_each_get_their_own_stream_from_where_they_asked() {
    let fixture = Fixture::migrated().await;
    let store = Arc::new(fixture.storage.clone());
    for number in 0..STREAMS {
        let length = i64::from(number % 7);
        let numbers: Vec<i64> = (0..length).collect();
        if length > 0 {
            store
                .append(append(&id(number), 0, &numbers))
                .await
                .unwrap();
        }
    }
    for killed in [false, true] {
        if killed {
            fixture.execute(KILL_OTHERS).await;
        }
        let loads: Vec<_> = (0..STREAMS)
            .map(|number| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    let after = u64::from(number % 3);
                    let stream = StreamId::new("Counter", id(number));
                    (number, store.load(&stream, after).await.unwrap())
                })
            })
            .collect();
        for load in loads {
            let (number, events) = load.await.unwrap();
            let sequences: Vec<u64> = events.iter().map(|event| event.sequence).collect();
            let wanted: Vec<u64> = (1 + u64::from(number % 3)..=u64::from(number % 7)).collect();
            assert_eq!(sequences, wanted, "stream {number}, after a kill: {killed}");
            assert!(
                events
                    .iter()
                    .all(|event| event.stream.aggregate_id == id(number))
            );
        }
    }
}

#[tokio::test]
async fn a_load_sees_what_was_acknowledged_before_it() {
    let fixture = Fixture::migrated().await;
    for version in 0..50 {
        fixture
            .storage
            .append(append("a", version, &[1]))
            .await
            .unwrap();
        let stream = StreamId::new("Counter", "a".to_owned());
        let events = fixture.storage.load(&stream, version).await.unwrap();
        assert_eq!(events.len(), 1, "version {version}");
    }
}

#[tokio::test]
async fn json_is_loaded_as_text_whatever_type_its_column_has() {
    let fixture = Fixture::migrated().await;
    let stream = StreamId::new("Counter", "a".to_owned());
    let mut one = append("a", 0, &[7]);
    one.streams[0].events[0].metadata = r#"{"actor":"somebody"}"#.to_owned();
    fixture.storage.append(one).await.unwrap();
    let before = fixture.storage.load(&stream, 0).await.unwrap();
    assert_eq!(before[0].metadata, r#"{"actor":"somebody"}"#);
    for kind in ["jsonb", "text"] {
        for column in ["payload", "metadata"] {
            let sql =
                format!("alter table events alter {column} type {kind} using {column}::{kind}");
            fixture.execute(&sql).await;
        }
        // Another program: what this one's sessions have planned is of no use any more.
        let store = fixture.another().await;
        let loaded = store.load(&stream, 0).await.unwrap();
        let spaces = |text: &str| text.replace(' ', "");
        assert_eq!(
            spaces(&loaded[0].payload),
            spaces(&before[0].payload),
            "{kind}"
        );
        assert_eq!(
            spaces(&loaded[0].metadata),
            spaces(&before[0].metadata),
            "{kind}"
        );
    }
}

/// Every session of this database but the asking one.
const KILL_OTHERS: &str = "select pg_terminate_backend(pid) from pg_stat_activity \
     where datname = current_database() and pid <> pg_backend_pid()";

fn id(number: u32) -> String {
    format!("stream-{number}")
}
