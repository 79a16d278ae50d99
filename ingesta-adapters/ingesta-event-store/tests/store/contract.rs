//! The store contract, held on Postgres. The same suite runs on the in-memory store.

use std::sync::Arc;

use ingesta_event_store::Storage;

use crate::support::Fixture;

#[tokio::test]
async fn postgres_keeps_the_store_contract() {
    // The fixtures live until the suite has run.
    let fixtures = tokio::sync::Mutex::new(Vec::new());
    ingesta_testing::contract::run_all(async || {
        let fixture = Fixture::migrated().await;
        let storage: Arc<dyn Storage> = Arc::new(fixture.storage.clone());
        fixtures.lock().await.push(fixture);
        storage
    })
    .await;
}
