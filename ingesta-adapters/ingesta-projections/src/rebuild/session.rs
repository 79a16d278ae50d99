//! A session of its own for the long statements of a rebuild: not one of the pool's, which end a
//! statement after a while, and whose transactions a cancelled caller could leave to others.
//!
//! Whoever drops it closes it, and the server rolls back what was not committed.

use std::pin::Pin;

use ingesta_event_store::{Database, StoreError};
use sqlx::postgres::{PgConnection, PgQueryResult};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

/// Connects; no statement of the session is ended by its time.
pub(crate) async fn open(database: &Database) -> Result<PgConnection, StoreError> {
    let options = (*database.pool().connect_options()).clone();
    let connected = options
        .options([
            ("statement_timeout", "0"),
            ("idle_in_transaction_session_timeout", "10s"),
        ])
        .connect()
        .await;
    connected.map_err(|e| Database::failure("connecting to fold the log", e))
}

/// Closes it in an orderly way, so that its snapshot is gone when this returns.
pub(crate) async fn close(session: PgConnection) -> Result<(), StoreError> {
    let closed = session.close().await;
    closed.map_err(|e| Database::failure("closing the session of a fold", e))
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
