//! A log whose rows are put there by hand, in the order that the test wants.

use ingesta_event_store::{Database, DatabaseOptions};
use ingesta_testing::eventually;
use ingesta_testing::services::OwnedDatabase;

use crate::rebuild::session::Sessions;

pub(super) struct Log {
    pub(super) database: Database,
    _owned: OwnedDatabase,
}

#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) aggregate_type: String,
    pub(super) aggregate_id: String,
    pub(super) sequence: i64,
    pub(super) payload: String,
}

impl Stored {
    pub(super) fn new(stream: (&str, &str), sequence: i64, payload: &str) -> Self {
        Self {
            aggregate_type: stream.0.to_owned(),
            aggregate_id: stream.1.to_owned(),
            sequence,
            payload: payload.to_owned(),
        }
    }
}

impl Log {
    pub(super) async fn of(events: &[Stored]) -> Self {
        let owned = OwnedDatabase::create("pass").await.unwrap();
        let database = Database::connect(owned.url(), DatabaseOptions::default());
        let database = database.await.unwrap();
        database.migrate().await.unwrap();
        let log = Self {
            database,
            _owned: owned,
        };
        log.put(events).await;
        log
    }

    pub(super) fn sessions(&self) -> Sessions {
        Sessions::new(&self.database)
    }

    pub(super) async fn put(&self, events: &[Stored]) {
        let texts = |field: fn(&Stored) -> &String| -> Vec<String> {
            events.iter().map(|event| field(event).clone()).collect()
        };
        let sequences: Vec<i64> = events.iter().map(|event| event.sequence).collect();
        sqlx::query(
            "insert into events (aggregate_type, aggregate_id, sequence, event_type,
                                 event_version, payload, metadata)
             select t, i, s, 'Happened', '1', p::json, json_build_object('actor', i)
               from unnest($1::text[], $2::text[], $3::bigint[], $4::text[])
                    with ordinality as u(t, i, s, p, n)
              order by n",
        )
        .bind(texts(|event| &event.aggregate_type))
        .bind(texts(|event| &event.aggregate_id))
        .bind(sequences)
        .bind(texts(|event| &event.payload))
        .execute(self.database.pool())
        .await
        .unwrap();
    }

    pub(super) async fn sql(&self, sql: &str) {
        let done = sqlx::raw_sql(sql).execute(self.database.pool()).await;
        done.unwrap();
    }

    /// A transaction id that all events stand before.
    pub(super) async fn upto(&self) -> u64 {
        let look = "select pg_snapshot_xmin(pg_current_snapshot())::text
                     where pg_snapshot_xmin(pg_current_snapshot()) > all (select xact from events)";
        let upto = eventually("the end of other transactions", async || {
            let found = sqlx::query_scalar::<_, String>(look);
            found.fetch_optional(self.database.pool()).await.unwrap()
        });
        upto.await.parse().unwrap()
    }
}
