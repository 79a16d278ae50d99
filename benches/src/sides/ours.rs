//! Ingesta as a program embeds it: commands over the store, and a view behind the commit.

use std::sync::Arc;

use anyhow::{Context, ensure};
use ingesta_domain::ingesta::{Ingesta, IngestaCommand};
use ingesta_event_store::subscription::RunnerOptions;
use ingesta_event_store::{CommandContext, Commands, Database, DatabaseOptions, PostgresStorage};
use ingesta_event_store::{Position, Storage};
use ingesta_projections::{ProjectionSubscriber, TableName, ViewProjection};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::follower::Follower;
use crate::postgres::CONNECTIONS;
use crate::sample::{Sample, codec};
use crate::vanilla::Shown;

/// The view of all benches: the same fold as the peer's.
///
/// # Errors
/// When its name is no name of a table any more.
pub fn shown() -> anyhow::Result<ViewProjection<Ingesta, Shown>> {
    let table = TableName::new("ingesta_view")?;
    Ok(ViewProjection::new("ingesta_view", table, codec()).without_metadata())
}

/// Ingesta on one database.
#[derive(Clone)]
pub struct Ours {
    /// The database.
    pub database: Database,
    /// The store on it.
    pub storage: Arc<dyn Storage>,
    commands: Commands<Ingesta>,
    /// The follower that keeps the view; taken when it is stopped.
    view: Option<Arc<Mutex<Option<Follower>>>>,
}

impl Ours {
    /// On this database, which is migrated, keeping this many aggregates in memory.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn open(url: &str, cached: usize) -> anyhow::Result<Self> {
        let options = DatabaseOptions {
            connections_max: CONNECTIONS,
            ..DatabaseOptions::default()
        };
        let database = Database::connect(url, options).await?;
        database.migrate().await?;
        let storage: Arc<dyn Storage> = Arc::new(PostgresStorage::new(database.clone()));
        let commands = Commands::new(Arc::clone(&storage), codec(), ()).with_cache(cached);
        Ok(Self {
            database,
            storage,
            commands,
            view: None,
        })
    }

    /// Keeps the view from now on, behind the commands, in this process.
    ///
    /// # Errors
    /// When the follower does not start.
    pub async fn keep_view(&mut self) -> anyhow::Result<()> {
        let subscriber = Arc::new(ProjectionSubscriber::new(&self.database, shown()?));
        let storage = Arc::clone(&self.storage);
        let follower = Follower::start(storage, subscriber, RunnerOptions::default()).await?;
        self.view = Some(Arc::new(Mutex::new(Some(follower))));
        Ok(())
    }

    /// True if a view is kept.
    #[must_use]
    pub fn keeps_view(&self) -> bool {
        self.view.is_some()
    }

    /// Executes a command, which must do something.
    ///
    /// # Errors
    /// Whatever it ends with.
    pub async fn execute(&self, id: &str, command: IngestaCommand) -> anyhow::Result<Position> {
        let context = CommandContext {
            creates: matches!(command, IngestaCommand::CrearIngesta(_)),
            ..CommandContext::default()
        };
        let done = self.commands.execute(id, command, context).await?;
        ensure!(!done.already_done, "a command did nothing");
        Ok(done.position)
    }

    /// Creates an ingesta of its own.
    ///
    /// # Errors
    /// Whatever that ends with.
    pub async fn create(&self, sample: &Sample) -> anyhow::Result<Position> {
        self.execute(&Uuid::now_v7().to_string(), sample.create())
            .await
    }

    /// Waits until the view has come to the end of the log.
    ///
    /// # Errors
    /// When it does not.
    pub async fn settle(&self) -> anyhow::Result<()> {
        let Some(view) = &self.view else {
            return Ok(());
        };
        let follower = view.lock().await;
        follower
            .as_ref()
            .context("the view was stopped")?
            .catch_up()
            .await
    }

    /// Ends the follower.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn stop(&self) -> anyhow::Result<()> {
        let Some(view) = &self.view else {
            return Ok(());
        };
        match view.lock().await.take() {
            Some(follower) => follower.stop().await,
            None => Ok(()),
        }
    }
}
