//! Sessions of their own for the long statements of a rebuild: not the pool's, which end a statement
//! after a while, and whose transactions a cancelled caller could leave to others.
//!
//! Whoever drops one closes it, and the server rolls back what was not committed. But a server that
//! waits, for an old snapshot or a lock, looks up only when the statement ends. So each session is
//! known by the server's process behind it, and [`Sessions::end_left`] ends those that were dropped
//! half-way. Where nobody is left to do that, the server looks up by itself every other second.

use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use ingesta_event_store::{Database, StoreError};
use sqlx::postgres::{PgConnection, PgQueryResult};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, Row as _};

/// How long the ends of sessions are waited for: a process of the server that is told to end does
/// so in an instant, unless the disk keeps it.
const END_WITHIN: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

const CONNECTING: &str = "connecting to fold the log";

const WHO: &str = "
select pid, backend_start from pg_stat_activity where pid = pg_backend_pid()";

/// A number comes again, but not with the same beginning.
const END: &str = "
select count(*) as alive, count(pg_terminate_backend(a.pid)) as told
  from unnest($1::int[], $2::timestamptz[]) as l(pid, since)
  join pg_stat_activity a on a.pid = l.pid and a.backend_start = l.since";

/// From this version on the server can look whether its client is still there.
const LOOKS_UP: u32 = 140_000;

/// The sessions of one call. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sessions {
    database: Database,
    /// Those that were opened and not closed.
    open: Arc<Mutex<Vec<Backend>>>,
}

/// A process of the server.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Backend {
    pid: i32,
    since: DateTime<Utc>,
}

/// A connection of its own; no statement of it is ended by its time.
pub(crate) struct Session {
    connection: PgConnection,
    backend: Backend,
    sessions: Sessions,
}

impl Sessions {
    pub(crate) fn new(database: &Database) -> Self {
        Self {
            database: database.clone(),
            open: Arc::default(),
        }
    }

    fn list(&self) -> MutexGuard<'_, Vec<Backend>> {
        // Every change of the list is one call, so a panic leaves it whole.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects.
    pub(crate) async fn open(&self) -> Result<Session, StoreError> {
        let failed = |e| Database::failure(CONNECTING, e);
        let options = (*self.database.pool().connect_options()).clone();
        let connected = options
            .options([
                ("statement_timeout", "0"),
                ("idle_in_transaction_session_timeout", "10s"),
            ])
            .connect()
            .await;
        let mut connection = connected.map_err(failed)?;
        if connection
            .server_version_num()
            .is_some_and(|version| version >= LOOKS_UP)
        {
            // Not every system can: then a statement ends when it is done.
            let looks_up = "set client_connection_check_interval = '2s'";
            drop(run(&mut connection, looks_up).await);
        }
        let row: Pin<Box<dyn Future<Output = _> + Send + '_>> =
            Box::pin(sqlx::query(WHO).fetch_one(&mut connection));
        let row = row.await.map_err(failed)?;
        let backend = Backend {
            pid: row.try_get("pid").map_err(failed)?,
            since: row.try_get("backend_start").map_err(failed)?,
        };
        self.list().push(backend);
        Ok(Session {
            connection,
            backend,
            sessions: self.clone(),
        })
    }

    /// Ends the sessions that were dropped in the middle of their work, so that they are in nobody's
    /// way any more. Of use when nobody works any longer: whatever is open is ended.
    pub(crate) async fn end_left(&self) {
        let left = std::mem::take(&mut *self.list());
        if left.is_empty() {
            return;
        }
        match tokio::time::timeout(END_WITHIN, self.end(&left)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "sessions of a fold were not ended"),
            Err(_) => tracing::warn!("sessions of a fold do not end: the server is still at work"),
        }
    }

    async fn end(&self, left: &[Backend]) -> Result<(), StoreError> {
        let pids: Vec<i32> = left.iter().map(|backend| backend.pid).collect();
        let since: Vec<DateTime<Utc>> = left.iter().map(|backend| backend.since).collect();
        loop {
            let alive = sqlx::query(END)
                .bind(&pids)
                .bind(&since)
                .fetch_one(self.database.pool())
                .await
                .and_then(|row| row.try_get::<i64, _>("alive"));
            match alive {
                Ok(0) => return Ok(()),
                Ok(_) => tokio::time::sleep(LOOK_AGAIN).await,
                Err(e) => return Err(Database::failure("ending sessions of a fold", e)),
            }
        }
    }
}

impl Session {
    /// Closes it in an orderly way, so that its snapshot is gone when this returns.
    pub(crate) async fn close(self) -> Result<(), StoreError> {
        let closed = self.connection.close().await;
        // One that is dropped meanwhile stays in the list.
        self.sessions
            .list()
            .retain(|backend| *backend != self.backend);
        closed.map_err(|e| Database::failure("closing the session of a fold", e))
    }
}

impl Deref for Session {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

/// Runs statements without parameters.
///
/// Its future is boxed, for the driver's own cannot be shown to be `Send` where it is nested.
pub(crate) fn run<'a>(
    session: &'a mut PgConnection,
    sql: &'a str,
) -> Pin<Box<dyn Future<Output = Result<PgQueryResult, sqlx::Error>> + Send + 'a>> {
    session.execute(sql)
}

/// Runs a statement with one text, whose answer is of no interest.
pub(crate) async fn tell(
    session: &mut PgConnection,
    sql: &'static str,
    text: &str,
) -> Result<(), StoreError> {
    let told = sqlx::query(sql).bind(text.to_owned());
    let told: Pin<Box<dyn Future<Output = _> + Send + '_>> = Box::pin(told.execute(session));
    let told: Result<PgQueryResult, sqlx::Error> = told.await;
    told.map(drop)
        .map_err(|e| Database::failure("preparing to read the log", e))
}
