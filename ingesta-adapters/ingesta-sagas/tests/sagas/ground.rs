//! What a test stands on: a store and its timers, in memory and on a database of its own.

use std::sync::Arc;

use ingesta_event_store::{Database, DatabaseOptions, MemoryStorage, PostgresStorage, Storage};
use ingesta_sagas::{MemoryTimers, PostgresTimers, Timers};
use ingesta_testing::services::OwnedDatabase;

#[derive(Clone)]
pub(crate) struct Ground {
    pub(crate) name: &'static str,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) timers: Arc<dyn Timers>,
    /// The database behind it, where there is one.
    pub(crate) database: Option<Database>,
    _owned: Option<Arc<OwnedDatabase>>,
}

impl Ground {
    pub(crate) fn memory(storage: &MemoryStorage) -> Self {
        Self {
            name: "memory",
            storage: Arc::new(storage.clone()),
            timers: Arc::new(MemoryTimers::new(storage)),
            database: None,
            _owned: None,
        }
    }

    pub(crate) async fn postgres() -> Self {
        let owned = OwnedDatabase::create("sagas").await.unwrap();
        let options = DatabaseOptions {
            connections_max: 8,
            ..DatabaseOptions::default()
        };
        let database = Database::connect(owned.url(), options).await.unwrap();
        database.migrate().await.unwrap();
        Self {
            name: "postgres",
            storage: Arc::new(PostgresStorage::new(database.clone())),
            timers: Arc::new(PostgresTimers::new(&database)),
            database: Some(database),
            _owned: Some(Arc::new(owned)),
        }
    }
}

/// Runs a test on both, one after the other.
pub(crate) async fn on_both(test: impl AsyncFn(Ground)) {
    test(Ground::memory(&MemoryStorage::new())).await;
    let ground = Ground::postgres().await;
    ground.timers.prepare().await.unwrap();
    test(ground).await;
}
