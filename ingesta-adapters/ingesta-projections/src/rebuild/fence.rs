//! Statements that take place only while a lease is held, all or none.
//!
//! Leases run out while a process is frozen. One that wakes up must not drop or empty a table that
//! somebody else is building by then, so every such statement stands in one block that looks at
//! the lease first, and keeps its row locked until the end.

use ingesta_event_store::subscription::Lease;
use ingesta_event_store::{Database, StoreError};

use super::names::literal;

/// The SQLSTATE of a block that found the lease lost.
pub(crate) const LOST: &str = "ING01";

/// A block around `statements`, one transaction and one round trip. Names and texts in it are
/// quoted by who makes it ([`literal`] leaves no `$` in a text).
pub(crate) fn block(lease: &Lease, declare: &str, statements: &str) -> String {
    let (name, epoch) = (literal(&lease.name), lease.epoch);
    format!(
        "do $fenced$ declare held bigint; {declare}
         begin
           select s.epoch into held from ingesta_subscriptions s
            where s.name = {name} and s.epoch = {epoch} and s.owner is not null for update;
           if not found then raise exception 'the lease is lost' using errcode = '{LOST}'; end if;
           {statements}
         end $fenced$"
    )
}

/// Runs such a block.
pub(crate) async fn execute(
    database: &Database,
    attempted: &'static str,
    lease: &Lease,
    statements: &str,
) -> Result<(), StoreError> {
    let sql = block(lease, "", statements);
    let done = sqlx::raw_sql(&sql).execute(database.pool()).await;
    done.map(|_| ())
        .map_err(|error| meaning(attempted, lease, error))
}

/// What an error of a block means.
pub(crate) fn meaning(attempted: &'static str, lease: &Lease, error: sqlx::Error) -> StoreError {
    if code(&error).as_deref() == Some(LOST) {
        return StoreError::LeaseLost {
            subscription: lease.name.clone(),
        };
    }
    Database::failure(attempted, error)
}

/// The SQLSTATE, where the server answered with one.
pub(crate) fn code(error: &sqlx::Error) -> Option<String> {
    let refusal = error.as_database_error()?;
    refusal.code().map(std::borrow::Cow::into_owned)
}
