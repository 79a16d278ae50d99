//! Every notification, page by page, as of the end of the log.
//!
//! Promises: the view is brought up to what was stored when the list was opened, by the service
//! where it runs, else here; that it could not be is said.

use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::subscription::{Runner, RunnerOptions, Waited, wait_for};
use ingesta_event_store::{Database, EventStorage, PostgresStorage, Storage};
use ingesta_projections::ViewTable;
use tokio_util::sync::CancellationToken;

use super::NotificacionVista;
use super::vista::{VISTA, VistaDeNotificacion, projection};

const PAGE: u32 = 500;

/// How long the view may take to come up to the log.
const PATIENCE: Duration = Duration::from_secs(10);

/// The list.
pub struct Lista {
    view: ViewTable<VistaDeNotificacion>,
    after: Option<String>,
    current: bool,
}

impl Lista {
    /// Opens it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open(database: &Database) -> anyhow::Result<Self> {
        let storage = Arc::new(PostgresStorage::new(database.clone()));
        let subscriber = projection(database);
        subscriber.prepare().await?;
        let view = subscriber.view();
        let head = storage.head().await?;
        let stop = CancellationToken::new();
        let dynamic: Arc<dyn Storage> = Arc::clone(&storage) as _;
        let options = RunnerOptions::default();
        let runner = Runner::new(dynamic, Arc::new(subscriber), options).until(head);
        let runner = runner.spawn(stop.clone());
        let waited = wait_for(&*storage, VISTA, head, PATIENCE, None).await;
        stop.cancel();
        runner.join().await;
        Ok(Self {
            view,
            after: None,
            current: waited? == Waited::Reached,
        })
    }

    /// True if everything that was stored before it was opened is in it.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.current
    }

    /// The next page of ids and notifications; `None` at the end.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next(&mut self) -> anyhow::Result<Option<Vec<(String, NotificacionVista)>>> {
        let rows = self.view.page(self.after.as_deref(), PAGE).await?;
        let Some(last) = rows.last() else {
            return Ok(None);
        };
        self.after = Some(last.id.clone());
        let rows = rows.into_iter();
        let rows = rows.filter_map(|row| Some((row.id, row.state.0?)));
        Ok(Some(rows.collect()))
    }
}
