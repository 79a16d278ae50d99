//! A database per test with a migrated store on it, and runners on it.

use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::subscription::{Runner, RunnerHandle, RunnerOptions, Subscriber, Waited};
use ingesta_event_store::{
    Database, DatabaseOptions, EventStorage, NewEvent, Position, PostgresStorage, Storage,
    StreamAppend, StreamId, SubscriptionStorage,
};
use ingesta_projections::{Projection, ProjectionSubscriber, ViewTable};
use ingesta_testing::services::OwnedDatabase;
use tokio_util::sync::CancellationToken;

/// Longer than anything here takes: only a test that fails waits for it.
pub(crate) const LONG: Duration = Duration::from_secs(180);

pub(crate) struct Place {
    pub(crate) database: Database,
    pub(crate) storage: Arc<PostgresStorage>,
    owned: OwnedDatabase,
}

impl Place {
    pub(crate) async fn new() -> Self {
        let owned = OwnedDatabase::create("projections").await.unwrap();
        let database = connect(owned.url(), "projections").await;
        database.migrate().await.unwrap();
        let storage = Arc::new(PostgresStorage::new(database.clone()));
        Self {
            database,
            storage,
            owned,
        }
    }

    /// The same database over connections of its own, as another process has it.
    pub(crate) async fn elsewhere(&self, name: &str) -> (Database, Arc<PostgresStorage>) {
        let database = connect(self.owned.url(), name).await;
        (database.clone(), Arc::new(PostgresStorage::new(database)))
    }

    pub(crate) fn subscriber<P: Projection>(&self, projection: P) -> ProjectionSubscriber<P> {
        ProjectionSubscriber::new(&self.database, projection)
    }

    /// A running projection and its rows.
    pub(crate) fn follow<P: Projection>(
        &self,
        projection: P,
        options: RunnerOptions,
    ) -> (Following, ViewTable<P::State>) {
        let subscriber = self.subscriber(projection);
        let view = subscriber.view();
        (
            Following::spawn(self.storage.clone(), Arc::new(subscriber), options),
            view,
        )
    }

    pub(crate) async fn sql(&self, sql: &str) {
        sqlx::raw_sql(sql)
            .execute(self.database.pool())
            .await
            .unwrap();
    }

    pub(crate) async fn head(&self) -> Position {
        self.storage.head().await.unwrap()
    }
}

async fn connect(url: &str, application_name: &str) -> Database {
    let application_name = application_name.to_owned();
    let options = DatabaseOptions {
        application_name,
        connections_max: 6,
        ..DatabaseOptions::default()
    };
    Database::connect(url, options).await.unwrap()
}

/// Looks often and takes over soon, so that tests are quick.
pub(crate) fn quick() -> RunnerOptions {
    RunnerOptions {
        lease: Duration::from_millis(150),
        poll: Duration::from_millis(5),
        parked_poll: Duration::from_millis(10),
        pause_min: Duration::from_millis(2),
        pause_max: Duration::from_millis(20),
        recheck: Duration::from_millis(20),
        // Parked streams wait for the operator.
        attempts_max: 1,
        ..RunnerOptions::default()
    }
}

/// A runner that ends with its test.
pub(crate) struct Following {
    pub(crate) handle: RunnerHandle,
    pub(crate) token: CancellationToken,
    storage: Arc<dyn Storage>,
    name: String,
}

impl Following {
    pub(crate) fn spawn(
        storage: Arc<dyn Storage>,
        subscriber: Arc<dyn Subscriber>,
        options: RunnerOptions,
    ) -> Self {
        let token = CancellationToken::new();
        let name = subscriber.name().to_owned();
        let handle = Runner::new(storage.clone(), subscriber, options).spawn(token.clone());
        Self {
            handle,
            token,
            storage,
            name,
        }
    }

    /// Waits until the stored checkpoint is there.
    pub(crate) async fn reaches(&self, position: Position) {
        reaches(&*self.storage, &self.name, position).await;
    }

    pub(crate) async fn stop(self) {
        self.token.cancel();
        self.handle.join().await;
    }
}

pub(crate) async fn reaches(storage: &dyn Storage, name: &str, position: Position) {
    use ingesta_event_store::subscription::wait_for;
    let waited = wait_for(storage, name, position, LONG, None).await.unwrap();
    assert_eq!(waited, Waited::Reached, "{name}");
}

pub(crate) async fn parked(place: &Place, name: &str) -> Vec<(String, u64, String)> {
    let parked = place.storage.parked(name).await.unwrap().into_iter();
    parked
        .map(|p| (p.stream.to_string(), p.sequence, p.reason.code))
        .collect()
}

/// An event of a stream whose aggregate has no type here.
pub(crate) fn event(event_type: &str, payload: &str) -> NewEvent {
    NewEvent {
        event_type: event_type.to_owned(),
        event_version: "1".to_owned(),
        payload: payload.to_owned(),
        metadata: "{}".to_owned(),
    }
}

pub(crate) fn on(stream: StreamId, expected_version: u64, events: Vec<NewEvent>) -> StreamAppend {
    StreamAppend {
        stream,
        expected_version,
        events,
    }
}
