//! The connections to one database.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgPool};

use super::{classify, cluster};
use crate::StoreError;

/// A database that holds a log, and a pool of connections to it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    pool: PgPool,
    connect: PgConnectOptions,
    /// How long a statement may take; zero: for ever.
    limit: Duration,
}

/// Beside the time that a statement may take: for its way there and back.
const ON_THE_WAY: Duration = Duration::from_secs(5);

/// For sessions whose few statements are planned once. Planned while the table was empty, they
/// would read it from end to end for ever: they look rows up by the key, whatever its size.
const PLANNED_ONCE: [(&str, &str); 5] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
];

/// How to connect.
#[derive(Clone, Debug)]
pub struct DatabaseOptions {
    /// Connections at most. 1 or more; beyond about 16 per process nothing is gained.
    pub connections_max: u32,
    /// How long a caller waits for a connection before it is told that the database is away.
    pub acquire_timeout: Duration,
    /// How long one statement may take before the server undoes it: whoever waits for it is told.
    /// Migrations and rebases have no such limit.
    pub statement_timeout: Duration,
    /// Shown by `pg_stat_activity`.
    pub application_name: String,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self {
            connections_max: 16,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(20),
            application_name: "ingesta".to_owned(),
        }
    }
}

impl Database {
    /// Connects to `postgres://user:password@host:port/database`.
    ///
    /// # Errors
    /// When the address cannot be read or nobody answers. The password is never part of an error.
    pub async fn connect(url: &str, options: DatabaseOptions) -> Result<Self, StoreError> {
        const ATTEMPTED: &str = "connecting";
        let limit = options.statement_timeout;
        let connect = address(url)?
            .application_name(&options.application_name)
            // A session that is left inside a transaction holds back every reader of the cluster.
            .options([("idle_in_transaction_session_timeout", "10s")])
            // Nor may the server quote what is bound to a statement that fails. What it says of
            // slow ones is a superuser's to set.
            .options([("log_parameter_max_length_on_error", "0")])
            // Statements carry payloads: they must not reach a log.
            .disable_statement_logging();
        // A pool tries again and again and then only says that time ran out; this says why.
        let first = tokio::time::timeout(options.acquire_timeout, connect.connect()).await;
        let first = first.map_err(|cause| StoreError::Unavailable {
            attempted: ATTEMPTED,
            cause: Box::new(cause),
        })?;
        let first = first.map_err(|e| classify::store(ATTEMPTED, e))?;
        first
            .close()
            .await
            .map_err(|e| classify::store(ATTEMPTED, e))?;
        let limited = connect
            .clone()
            .options([("statement_timeout", milliseconds(limit))]);
        let pool = PgPoolOptions::new()
            .max_connections(options.connections_max)
            .acquire_timeout(options.acquire_timeout)
            .connect_with(limited)
            .await
            .map_err(|e| classify::store(ATTEMPTED, e))?;
        Ok(Self {
            pool,
            connect,
            limit,
        })
    }

    /// Uses a pool of the caller's.
    ///
    /// Give it to nobody else: a transaction whose `begin()` was cancelled leaves its session
    /// inside a transaction, and the next borrower's acknowledged write would be lost with it.
    #[must_use]
    pub fn from_pool(pool: PgPool) -> Self {
        let connect = (*pool.connect_options()).clone();
        let limit = DatabaseOptions::default().statement_timeout;
        Self {
            pool,
            connect,
            limit,
        }
    }

    /// The pool, for sibling crates that keep tables beside the log. Begin no transaction on it.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// What a driver error of such a crate means: does waiting help, or not.
    #[must_use]
    pub fn failure(attempted: &'static str, error: sqlx::Error) -> StoreError {
        classify::store(attempted, error)
    }

    /// Closes every connection, waiting for those in use.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// A connection for a writer of the appender. Its few statements are planned once: planning
    /// one anew for every batch costs more than executing it.
    pub(super) async fn appending_connection(&self) -> Result<sqlx::PgConnection, StoreError> {
        const ATTEMPTED: &str = "connecting to append events";
        let connect = self.connect.clone();
        let connect = connect.options(PLANNED_ONCE);
        let connect = connect.options([("statement_timeout", milliseconds(self.limit))]);
        let connected = self.in_time(connect.connect()).await;
        let mut connection = connected.map_err(|e| classify::store(ATTEMPTED, e))?;
        let asked = cluster::check(&mut connection);
        match self.answers_within() {
            None => asked.await?,
            Some(within) => tokio::time::timeout(within, asked)
                .await
                .map_err(|cause| StoreError::Unavailable {
                    attempted: ATTEMPTED,
                    cause: Box::new(cause),
                })??,
        }
        Ok(connection)
    }

    /// A connection for a reader of streams, whose one statement is planned once as well.
    pub(super) async fn loading_connection(&self) -> Result<sqlx::PgConnection, StoreError> {
        let connect = self.connect.clone().options(PLANNED_ONCE);
        let connect = connect.options([("statement_timeout", milliseconds(self.limit))]);
        let connected = self.in_time(connect.connect()).await;
        connected.map_err(|e| classify::store("connecting to load streams", e))
    }

    /// Makes sure that the log belongs to this cluster: after a restore into another one nothing
    /// may be appended before a rebase, for new events would come before old ones.
    ///
    /// # Errors
    /// [`StoreError::LogMoved`], or the database does not answer.
    pub async fn check_cluster(&self) -> Result<(), StoreError> {
        let connection = self.pool.acquire().await;
        let mut connection = connection.map_err(|e| classify::store("connecting", e))?;
        cluster::check(&mut connection).await
    }

    /// Waits for an answer for as long as the server may take, and not for ever: a connection that
    /// died without saying so would hold up everybody behind it until TCP gives up.
    pub(super) async fn in_time<T>(
        &self,
        answer: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        let Some(within) = self.answers_within() else {
            return answer.await;
        };
        let answer = tokio::time::timeout(within, answer).await;
        answer.unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())))
    }

    /// When an answer is not going to come any more; `None`: the server may take for ever.
    pub(super) fn answers_within(&self) -> Option<Duration> {
        (!self.limit.is_zero()).then(|| self.limit.saturating_add(ON_THE_WAY))
    }

    /// How a session of its own connects, outside the pool.
    pub(super) fn session(&self) -> PgConnectOptions {
        self.connect.clone()
    }

    /// A connection of its own, outside the pool, for work that does need a transaction.
    pub(super) async fn connection(&self) -> Result<sqlx::PgConnection, StoreError> {
        self.connect
            .connect()
            .await
            .map_err(|e| classify::store("connecting", e))
    }
}

fn milliseconds(limit: Duration) -> String {
    limit.as_millis().to_string()
}

/// Reads an address. What it holds is never part of the error: it may be a password.
fn address(url: &str) -> Result<PgConnectOptions, StoreError> {
    let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
    let read = PgConnectOptions::from_str(url).ok().filter(|_| is_postgres);
    read.ok_or_else(|| StoreError::Refused {
        attempted: "reading the database address",
        cause: "expected postgres://user:password@host:port/database".into(),
    })
}
