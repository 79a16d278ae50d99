//! Which database a command works on: a given one, a running server's, or one of its own.
//!
//! Promises: a command that only reads never starts a database; what was started is stopped.
//! Does not: migrate anything by itself.

use std::time::Duration;

use ingesta_embedded::{Attached, Embedded, EmbeddedOptions, attach};
use ingesta_event_store::{Database, DatabaseOptions, StoreError};

use super::exit::CliError;
use super::out::Out;
use crate::config::{Config, DatabaseAddress};

/// How long connections in use may take to end.
const CLOSE_WITHIN: Duration = Duration::from_secs(3);

/// A database and who runs it.
pub(super) struct Opened {
    pub(super) database: Database,
    /// Where it is, for people: without its password.
    pub(super) shown: String,
    /// The PostgreSQL that this process runs, where it runs one.
    pub(super) own: Option<Embedded>,
}

impl Opened {
    /// The given database, else one of our own.
    pub(super) async fn for_serving(config: &Config, out: &Out) -> Result<Self, CliError> {
        match &config.database_url {
            Some(address) => Self::given(config, address).await,
            None => Self::started(config, out).await,
        }
    }

    /// The given database, else a running server's.
    pub(super) async fn existing(config: &Config) -> Result<Self, CliError> {
        if let Some(address) = &config.database_url {
            return Self::given(config, address).await;
        }
        match attach(&config.data_dir).await? {
            Some(attached) => Self::attached(config, &attached).await,
            None => Err(CliError::NoDatabase {
                data_dir: config.data_dir.clone(),
            }),
        }
    }

    /// The given database, else a running server's, else one of our own for the time being.
    pub(super) async fn existing_or_own(config: &Config, out: &Out) -> Result<Self, CliError> {
        match Self::existing(config).await {
            Err(CliError::NoDatabase { .. }) => Self::started(config, out).await,
            other => other,
        }
    }

    /// Refuses a schema that this program does not work on.
    pub(super) async fn checked(self) -> Result<Self, CliError> {
        let checked = match self.database.check_schema().await {
            // A database of our own is always brought up to date.
            Err(StoreError::SchemaTooOld { .. }) if self.own.is_some() => {
                self.database.migrate().await.map(drop)
            }
            checked => checked,
        };
        let error = match checked {
            Ok(()) => return Ok(self),
            Err(error @ StoreError::SchemaTooOld { .. }) => CliError::NotMigrated(error),
            Err(error) => error.into(),
        };
        self.close().await?;
        Err(error)
    }

    /// Closes the connections, and stops what was started here.
    pub(super) async fn close(self) -> Result<(), CliError> {
        // A connection whose statement hangs is never given back; it goes with the process.
        if tokio::time::timeout(CLOSE_WITHIN, self.database.close())
            .await
            .is_err()
        {
            tracing::warn!("connections are still in use and are left behind");
        }
        match self.own {
            Some(own) => Ok(own.stop().await?),
            None => Ok(()),
        }
    }

    async fn given(config: &Config, address: &DatabaseAddress) -> Result<Self, CliError> {
        let database = connect(config, address.with_password()).await?;
        Ok(Self {
            database,
            shown: address.to_string(),
            own: None,
        })
    }

    async fn attached(config: &Config, attached: &Attached) -> Result<Self, CliError> {
        let database = connect(config, &attached.url).await?;
        let masked = DatabaseAddress::new(&attached.url);
        let shown = format!("{masked} (of process {})", attached.owner_pid);
        Ok(Self {
            database,
            shown,
            own: None,
        })
    }

    async fn started(config: &Config, out: &Out) -> Result<Self, CliError> {
        let own = Embedded::start(EmbeddedOptions::new(&config.data_dir)).await?;
        if let Some(moved) = own.moved_to() {
            out.note(format_args!(
                "WARNING: the data is in {}, because the user that runs PostgreSQL ({}) may not \
                 enter {}",
                moved.display(),
                own.runs_as().unwrap_or("not root"),
                config.data_dir.display(),
            ));
        }
        let database = match connect(config, own.url()).await {
            Ok(database) => database,
            Err(error) => {
                own.stop().await?;
                return Err(error);
            }
        };
        let masked = DatabaseAddress::new(own.url());
        let shown = format!("{masked} (PostgreSQL {}, embedded)", own.version());
        Ok(Self {
            database,
            shown,
            own: Some(own),
        })
    }
}

async fn connect(config: &Config, url: &str) -> Result<Database, CliError> {
    let connections_max = config.database_connections;
    let options = DatabaseOptions {
        connections_max,
        ..DatabaseOptions::default()
    };
    Ok(Database::connect(url, options).await?)
}
