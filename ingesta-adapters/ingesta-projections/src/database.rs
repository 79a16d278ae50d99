//! Statements on a view's table: making it, reading rows of it.
//!
//! The layout is the view table of postgres-es (`view_id`, `version`, `payload`) with a time
//! beside it, so a `PostgresViewRepository` reads it. Each statement commits by itself.

use std::collections::HashMap;

use ingesta_event_store::{Database, StoreError};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::TableName;
use crate::row::StoredRow;

/// Begins the comment that tells whose table it is.
pub(crate) const MARK: &str = "ingesta projection ";

/// Looks at the table before it is believed to be another's.
const TRIES_MAX: u32 = 4;

/// Makes the table if it is absent and marks it as the projection's; refuses another's table.
pub(crate) async fn prepare(
    database: &Database,
    table: &TableName,
    projection: &str,
) -> Result<(), StoreError> {
    // Programs that start together may all see no table, or all see no mark; a later look sees
    // what the others have made.
    let mut tries = 1;
    loop {
        match try_prepare(database, table, projection).await {
            Err(StoreError::Refused { .. }) if tries < TRIES_MAX => tries += 1,
            done => return done,
        }
    }
}

async fn try_prepare(
    database: &Database,
    table: &TableName,
    projection: &str,
) -> Result<(), StoreError> {
    const ATTEMPTED: &str = "preparing the table of a projection";
    let (pool, quoted, mark) = (
        database.pool(),
        table.quoted(),
        format!("{MARK}{projection}"),
    );
    let failed = |error| Database::failure(ATTEMPTED, error);
    let create = format!(
        "create table if not exists {quoted} ({})",
        columns("primary key")
    );
    sqlx::query(&create).execute(pool).await.map_err(failed)?;
    let look = format!(
        "select obj_description(to_regclass($1), 'pg_class') as mark,
                exists (select view_id, version, payload, updated_at from {quoted}) as filled"
    );
    let row = sqlx::query(&look)
        .bind(&quoted)
        .fetch_one(pool)
        .await
        .map_err(failed)?;
    let found: Option<String> = row.try_get("mark").map_err(failed)?;
    let filled: bool = row.try_get("filled").map_err(failed)?;
    let refused = |cause: String| StoreError::Refused {
        attempted: ATTEMPTED,
        cause: cause.into(),
    };
    match found {
        Some(found) if found == mark => Ok(()),
        Some(_) => Err(refused(format!(
            "table {table} belongs to something else than {mark}"
        ))),
        None if filled => Err(refused(format!(
            "table {table} holds rows and no mark that {mark} has written them"
        ))),
        None => {
            let comment = format!(
                "comment on table {quoted} is '{}'",
                mark.replace('\'', "''")
            );
            sqlx::query(&comment).execute(pool).await.map_err(failed)?;
            Ok(())
        }
    }
}

/// The columns of every view's table; `key` is said of the first one.
pub(crate) fn columns(key: &str) -> String {
    format!(
        "view_id    text        not null {key},
         version    bigint      not null check (version >= 0),
         payload    json        not null,
         updated_at timestamptz not null default clock_timestamp()"
    )
}

/// The rows with these keys, in one statement.
///
/// The statement is planned anew each time: a plan that was made while the table was empty reads
/// the whole table, and goes on doing so long after the table has grown.
pub(crate) async fn rows(
    database: &Database,
    table: &TableName,
    keys: &[String],
) -> Result<HashMap<String, StoredRow>, sqlx::Error> {
    let quoted = table.quoted();
    let sql = format!(
        "select view_id, version, payload::text as payload from {quoted} where view_id = any($1)"
    );
    let found = sqlx::query(&sql)
        .persistent(false)
        .bind(keys)
        .fetch_all(database.pool())
        .await?;
    found.iter().map(stored).collect()
}

/// Key and row, from `view_id`, `version` and `payload` as text.
pub(crate) fn stored(row: &PgRow) -> Result<(String, StoredRow), sqlx::Error> {
    let version: i64 = row.try_get("version")?;
    let version = u64::try_from(version).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
    Ok((
        row.try_get("view_id")?,
        StoredRow {
            version,
            payload: row.try_get("payload")?,
        },
    ))
}
