//! Statements that take place only while a lease is held, all or none.
//!
//! Leases run out while a process is frozen. One that wakes up must not drop or empty a table that
//! somebody else is building by then, so every such statement stands in one block that looks at
//! the lease first, and keeps its row locked until the end.
//!
//! Who waits for an exclusive lock holds a transaction open that stalls every follower of the
//! cluster, and readers queue behind it. So that wait is short, and is tried again; before it a
//! weaker lock is waited for, which holds nobody up and makes an autovacuum give way.

use ingesta_event_store::subscription::Lease;
use ingesta_event_store::{Database, StoreError};

use super::names::literal;
use crate::TableName;

/// The SQLSTATE of a block that found the lease lost.
pub(crate) const LOST: &str = "ING01";

/// How long readers may be held up by a try.
pub(crate) const LOCK_TIMEOUT: &str = "200ms";
/// How long a vacuum is waited for: no transaction and no reader is held up by that.
const VACUUM_TIMEOUT: &str = "3s";

/// A block around `statements`, one transaction and one round trip, in which nobody else uses
/// `tables`, as far as there are such. Names and texts in it are quoted by who makes it
/// ([`literal`] leaves no `$` in a text).
pub(crate) fn block(
    lease: &Lease,
    declare: &str,
    tables: &[&TableName],
    statements: &str,
) -> String {
    let (name, epoch) = (literal(&lease.name), lease.epoch);
    let (beside, alone) = (
        lock(tables, "share update exclusive"),
        lock(tables, "access exclusive"),
    );
    format!(
        "do $fenced$ declare held bigint; {declare}
         begin
           perform set_config('lock_timeout', '{VACUUM_TIMEOUT}', true);
           {beside}
           perform set_config('lock_timeout', '{LOCK_TIMEOUT}', true);
           select s.epoch into held from ingesta_subscriptions s
            where s.name = {name} and s.epoch = {epoch} and s.owner is not null for update;
           if not found then raise exception 'the lease is lost' using errcode = '{LOST}'; end if;
           {alone}
           {statements}
         end $fenced$"
    )
}

/// A block without a lease that drops a table with this mark, if there is one.
pub(crate) fn drop_marked(table: &TableName, mark: &str) -> String {
    let (beside, alone) = (
        lock(&[table], "share update exclusive"),
        lock(&[table], "access exclusive"),
    );
    let (quoted, text, mark) = (table.quoted(), literal(&table.quoted()), literal(mark));
    format!(
        "do $drop$
         begin
           perform set_config('lock_timeout', '{VACUUM_TIMEOUT}', true);
           {beside}
           perform set_config('lock_timeout', '{LOCK_TIMEOUT}', true);
           {alone}
           if obj_description(to_regclass({text}), 'pg_class') = {mark} then
             drop table {quoted};
           end if;
         end $drop$"
    )
}

fn lock(tables: &[&TableName], mode: &str) -> String {
    let one = |table: &&TableName| {
        let (quoted, text) = (table.quoted(), literal(&table.quoted()));
        format!(
            "if to_regclass({text}) is not null then lock table {quoted} in {mode} mode; end if;\n"
        )
    };
    tables.iter().map(one).collect()
}

/// Runs such a block; false: no lock in time, or a deadlock.
pub(crate) async fn execute(
    database: &Database,
    attempted: &'static str,
    lease: &Lease,
    tables: &[&TableName],
    statements: &str,
) -> Result<bool, StoreError> {
    let sql = block(lease, "", tables, statements);
    match sqlx::raw_sql(&sql).execute(database.pool()).await {
        Ok(_) => Ok(true),
        Err(error) if is_busy(&error) => Ok(false),
        Err(error) => Err(meaning(attempted, lease, error)),
    }
}

/// No lock in time, or a deadlock: a later try may succeed.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(code(error).as_deref(), Some("55P03" | "40P01"))
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
