//! What the tests of this crate share: a database of one's own, and a small aggregate.

use std::sync::Arc;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent, EventEnvelope};
use ingesta_event_store::{
    Append, CommandStamp, Commands, Database, DatabaseOptions, DecodeError, EventCodec,
    EventStorage, NewEvent, Page, Position, PostgresStorage, RecordedEvent, StreamAppend, StreamId,
    TypeFilter,
};
use serde::{Deserialize, Serialize};

/// A migrated database that nobody else uses, and the guard that keeps it.
pub(crate) struct Fixture {
    pub(crate) database: Database,
    pub(crate) storage: PostgresStorage,
    pub(crate) url: String,
    _guard: ingesta_testing::services::OwnedDatabase,
}

impl Fixture {
    pub(crate) async fn migrated() -> Self {
        let fixture = Self::empty().await;
        fixture
            .database
            .migrate()
            .await
            .expect("the schema is applied");
        fixture
    }

    pub(crate) async fn empty() -> Self {
        let guard = ingesta_testing::services::OwnedDatabase::create("store")
            .await
            .unwrap();
        let url = guard.url().to_owned();
        let database = Database::connect(&url, DatabaseOptions::default())
            .await
            .unwrap();
        Self {
            storage: PostgresStorage::new(database.clone()),
            database,
            url,
            _guard: guard,
        }
    }

    /// A second store on the same database, as another process would have it.
    pub(crate) async fn another(&self) -> PostgresStorage {
        let database = Database::connect(&self.url, DatabaseOptions::default())
            .await
            .unwrap();
        PostgresStorage::new(database)
    }

    pub(crate) fn counters(&self) -> Commands<Counter> {
        Commands::new(Arc::new(self.storage.clone()), EventCodec::default(), ())
    }

    pub(crate) async fn execute(&self, sql: &str) {
        sqlx::raw_sql(sql)
            .execute(self.database.pool())
            .await
            .unwrap();
    }

    pub(crate) async fn number(&self, sql: &str) -> i64 {
        use sqlx::Row;
        sqlx::query(sql)
            .fetch_one(self.database.pool())
            .await
            .unwrap()
            .get(0)
    }
}

/// Sums what it is given; one event per number, so that a command can have several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counter {
    pub(crate) sum: i64,
    pub(crate) seen: Vec<i64>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Add(pub(crate) Vec<i64>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum CounterEvent {
    Added { number: i64 },
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a counter does not take zero")]
pub(crate) struct NotZero;

impl DomainEvent for CounterEvent {
    fn event_type(&self) -> String {
        "Added".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Counter {
    const TYPE: &'static str = "Counter";
    type Command = Add;
    type Event = CounterEvent;
    type Error = NotZero;
    type Services = ();

    async fn handle(
        &mut self,
        Add(numbers): Add,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), NotZero> {
        for number in numbers {
            if number == 0 {
                return Err(NotZero);
            }
            sink.write(CounterEvent::Added { number }, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, CounterEvent::Added { number }: CounterEvent) {
        self.sum += number;
        self.seen.push(number);
    }
}

/// The same aggregate under another type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Meter(pub(crate) Counter);

impl Aggregate for Meter {
    const TYPE: &'static str = "Meter";
    type Command = Add;
    type Event = CounterEvent;
    type Error = NotZero;
    type Services = ();

    async fn handle(
        &mut self,
        Add(numbers): Add,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), NotZero> {
        for number in numbers {
            sink.write(CounterEvent::Added { number }, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: CounterEvent) {
        self.0.apply(event);
    }
}

pub(crate) fn added(number: i64) -> NewEvent {
    EventCodec::default()
        .encode::<Counter>(
            &StreamId::of::<Counter>("any"),
            1,
            &CounterEvent::Added { number },
            "{}",
        )
        .unwrap()
}

/// What a stored event is today.
pub(crate) fn decoded<A: Aggregate>(
    codec: &EventCodec,
    event: &RecordedEvent,
) -> Result<Vec<EventEnvelope<A>>, DecodeError> {
    let mut envelopes = Vec::new();
    codec.decode_each::<A>(event, |envelope| envelopes.push(envelope))?;
    Ok(envelopes)
}

/// An append of these numbers to one counter.
pub(crate) fn append(id: &str, expected_version: u64, numbers: &[i64]) -> Append {
    let events = numbers.iter().map(|n| added(*n)).collect();
    let stream = StreamId::of::<Counter>(id);
    Append {
        streams: vec![StreamAppend {
            stream,
            expected_version,
            events,
        }],
        command: None,
    }
}

pub(crate) fn stamp(id: &str, fingerprint: &[u8]) -> Option<CommandStamp> {
    Some(CommandStamp {
        id: id.to_owned(),
        fingerprint: fingerprint.to_vec(),
    })
}

/// What a reader after `after` can see at this moment.
pub(crate) async fn seen_now(storage: &impl EventStorage, after: Position) -> Page {
    storage
        .read_after(after, &TypeFilter::All, 10_000)
        .await
        .unwrap()
}

/// Everything after `after`, up to today's end of the log. It waits, because other tests write in
/// the same cluster and an open writer anywhere holds readers back.
pub(crate) async fn page(storage: &impl EventStorage, after: Position) -> Page {
    let head = storage.head().await.unwrap();
    ingesta_testing::eventually("the log to be readable", async || {
        let page = seen_now(storage, after).await;
        (page.more || page.reached >= head).then_some(page)
    })
    .await
}
