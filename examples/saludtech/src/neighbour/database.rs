//! The neighbour's own database: a given one, or a PostgreSQL that it runs itself.
//!
//! Promises: the schema is brought up to date before anything is read; what was started is stopped;
//! a PostgreSQL of its own that dies is started again; no password in `Debug`.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use ingesta_embedded::{Embedded, EmbeddedOptions, attach};
use ingesta_event_store::{Database, DatabaseOptions};

/// How long connections in use may take to end.
const CLOSE_WITHIN: Duration = Duration::from_secs(3);

/// The address of a database, whose password is shown nowhere.
#[derive(Clone)]
pub struct Address(String);

impl From<String> for Address {
    fn from(address: String) -> Self {
        Self(address)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(..)")
    }
}

/// A database, and the PostgreSQL that runs it where that is ours.
pub struct Opened {
    /// The database.
    pub database: Database,
    own: Option<Embedded>,
}

impl Opened {
    /// Opens the given one, else starts one in `data_dir`; migrated.
    ///
    /// # Errors
    /// When nobody answers, no PostgreSQL can be found, or the schema is a newer program's.
    pub async fn for_serving(
        given: Option<&Address>,
        data_dir: &Path,
        name: &str,
    ) -> anyhow::Result<Self> {
        let own = match given {
            Some(_) => None,
            None => Some(Embedded::start(EmbeddedOptions::new(data_dir)).await?),
        };
        let url = match (given, &own) {
            (Some(address), _) => address.0.clone(),
            (None, Some(own)) => own.url().to_owned(),
            (None, None) => unreachable!("one of the two is there"),
        };
        let connected = connect(&url, name).await;
        let migrated = match connected {
            Ok(database) => database
                .migrate()
                .await
                .map(|_| database)
                .map_err(Into::into),
            Err(error) => Err(error),
        };
        match (migrated, own) {
            (Ok(database), own) => Ok(Self { database, own }),
            (Err(error), None) => Err(error),
            (Err(error), Some(own)) => {
                own.stop().await?;
                Err(error)
            }
        }
    }

    /// Opens the given one, else that of a neighbour that runs in `data_dir`.
    ///
    /// # Errors
    /// When there is none, and the text says what to do.
    pub async fn existing(
        given: Option<&Address>,
        data_dir: &Path,
        name: &str,
    ) -> anyhow::Result<Self> {
        let url = match given {
            Some(address) => address.0.clone(),
            None => {
                let attached = attach(data_dir).await?;
                let shown = data_dir.display();
                let running = attached.with_context(|| {
                    format!(
                        "{name} does not run in {shown}: start it, or say which database with \
                         --database-url"
                    )
                })?;
                running.url
            }
        };
        let database = connect(&url, name).await?;
        database.check_schema().await?;
        Ok(Self {
            database,
            own: None,
        })
    }

    /// Starts a PostgreSQL of our own again whenever it dies; ends only when that cannot help.
    pub async fn keep_alive(&mut self) -> anyhow::Error {
        let Some(own) = &mut self.own else {
            return std::future::pending().await;
        };
        own.keep_alive().await;
        anyhow::anyhow!("PostgreSQL came back on another port")
    }

    /// Closes the connections, and stops what was started here.
    ///
    /// # Errors
    /// When a PostgreSQL of our own survives every signal.
    pub async fn close(self) -> anyhow::Result<()> {
        if tokio::time::timeout(CLOSE_WITHIN, self.database.close())
            .await
            .is_err()
        {
            tracing::warn!("connections are still in use and are left behind");
        }
        match self.own {
            Some(own) => own.stop().await.map_err(Into::into),
            None => Ok(()),
        }
    }
}

async fn connect(url: &str, name: &str) -> anyhow::Result<Database> {
    let options = DatabaseOptions {
        connections_max: 8,
        application_name: format!("saludtech-{name}"),
        ..DatabaseOptions::default()
    };
    Ok(Database::connect(url, options).await?)
}
