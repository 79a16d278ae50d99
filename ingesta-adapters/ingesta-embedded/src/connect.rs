//! How to reach the database, and the questions that the launcher asks it.
//!
//! Promises: every question is bounded in time; the password is in no `Debug` output.
//! Does not: pool connections.

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, PgConnection};

use crate::error::EmbeddedError;
use crate::initdb::USER;

/// The database that users get.
const DATABASE: &str = "ingesta";
const QUESTION: Duration = Duration::from_secs(5);

/// Port and password of a server on this machine.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) port: u16,
    pub(crate) password: String,
}

/// What a server that answers says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) version: String,
    pub(crate) fsync: bool,
}

impl Access {
    pub(crate) fn url(&self) -> String {
        format!(
            "postgres://{USER}:{}@127.0.0.1:{}/{DATABASE}",
            self.password, self.port
        )
    }

    /// Asks whether the server of this very cluster answers.
    pub(crate) async fn ask(&self, cluster: &Path) -> Result<Server, sqlx::Error> {
        bounded(async {
            let mut connection = self.connect().await?;
            let (version, fsync, dir): (String, String, String) = sqlx::query_as(
                "select current_setting('server_version'), current_setting('fsync'), \
                 current_setting('data_directory')",
            )
            .fetch_one(&mut connection)
            .await?;
            connection.close().await?;
            if Path::new(&dir) != cluster {
                return Err(failure("another server answers on this port"));
            }
            let version = version
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_owned();
            Ok(Server {
                version,
                fsync: fsync == "on",
            })
        })
        .await
    }

    /// Creates the users' database when it is missing.
    pub(crate) async fn ensure_database(&self) -> Result<(), EmbeddedError> {
        let made = async {
            let mut connection = self.connect().await?;
            let there: bool =
                sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
                    .bind(DATABASE)
                    .fetch_one(&mut connection)
                    .await?;
            if !there {
                let statement = format!("create database {DATABASE}");
                sqlx::query(&statement).execute(&mut connection).await?;
            }
            connection.close().await
        };
        tokio::time::timeout(Duration::from_secs(60), made)
            .await
            .unwrap_or_else(|_| Err(failure("no answer in time")))
            .map_err(|source| EmbeddedError::Sql {
                action: "create the database",
                source: source.into(),
            })
    }

    async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .username(USER)
            .password(&self.password)
            .database("postgres")
            .ssl_mode(PgSslMode::Disable)
            .disable_statement_logging()
            .connect()
            .await
    }
}

/// Whether waiting longer cannot help: the server is there and does not accept the password.
pub(crate) fn is_refused_login(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("28P01" | "28000"))
}

async fn bounded<T>(
    question: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    tokio::time::timeout(QUESTION, question)
        .await
        .unwrap_or_else(|_| Err(failure("no answer in time")))
}

fn failure(what: &'static str) -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::other(what))
}
