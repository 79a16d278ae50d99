//! The same relay on the real log.

use std::sync::Arc;

use ingesta_event_store::{Database, DatabaseOptions, PostgresStorage};
use ingesta_kafka::producer::ProducerOptions;
use ingesta_kafka::relay::Relay;
use ingesta_testing::services::OwnedDatabase;

use super::kills::Dies;
use super::support::{Copy, broker, check, fill, reached, read_all, run, topic};

#[tokio::test]
async fn the_log_on_postgres_reaches_its_topic_also_after_a_death() {
    let Some(kafka) = broker().await else { return };
    if ingesta_testing::services::postgres_or_skip()
        .await
        .unwrap()
        .is_none()
    {
        return;
    }
    let owned = OwnedDatabase::create("relay").await.unwrap();
    let database = Database::connect(owned.url(), DatabaseOptions::default())
        .await
        .unwrap();
    database.migrate().await.unwrap();
    let store = Arc::new(PostgresStorage::new(database));
    let topic = topic(&kafka, "postgres", 3).await;
    let last = fill(&*store, 10, 0, 20).await;
    let relay = || {
        let copy = Copy {
            topic: topic.clone(),
        };
        Relay::new("postgres", copy, &kafka, ProducerOptions::default()).unwrap()
    };
    let dying = Dies::after(1, relay());
    let (runner, _shutdown) = run(&store, dying.clone(), 50);
    dying.published.notified().await;
    runner.abort();
    runner.join().await;

    // The lease of five seconds runs out on the database's clock.
    let (runner, shutdown) = run(&store, Arc::new(relay()), 50);
    reached(&*store, "postgres", last).await;
    shutdown.cancel();
    runner.join().await;
    let seen = read_all(&kafka.brokers, &topic, "read_committed").await;
    assert_eq!(check(&seen, 10, 20), 50);
}
