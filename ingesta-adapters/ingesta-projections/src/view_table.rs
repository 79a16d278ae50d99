//! The read side: rows of a view by key, in pages, and how many there are.
//!
//! It reads what the projection has stored so far. To see one's own write, wait for its position
//! first ([`crate::ReadModel`]).

use std::marker::PhantomData;

use ingesta_event_store::Database;
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::{PageQuery, ReadError, Row, TableName, database};

/// Reads the rows of one view.
pub struct ViewTable<S> {
    database: Database,
    table: TableName,
    of: PhantomData<fn() -> S>,
}

impl<S> Clone for ViewTable<S> {
    fn clone(&self) -> Self {
        Self {
            database: self.database.clone(),
            table: self.table.clone(),
            of: PhantomData,
        }
    }
}

impl<S: DeserializeOwned> ViewTable<S> {
    /// Over this table, whose rows hold an `S`.
    #[must_use]
    pub fn new(database: &Database, table: TableName) -> Self {
        Self {
            database: database.clone(),
            table,
            of: PhantomData,
        }
    }

    /// The row with this key.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn get(&self, id: &str) -> Result<Option<Row<S>>, ReadError> {
        // No text of Postgres holds NUL, so no row has such a key.
        if id.contains('\0') {
            return Ok(None);
        }
        let sql = format!("{} where view_id = $1", self.select());
        let found = sqlx::query(&sql)
            .bind(id)
            .fetch_optional(self.database.pool())
            .await;
        let found = found.map_err(|e| self.failed("reading a row of a view", e))?;
        found.as_ref().map(|row| self.typed(row)).transpose()
    }

    /// The rows with these keys, in key order; keys without a row are left out.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn get_many(&self, ids: &[&str]) -> Result<Vec<Row<S>>, ReadError> {
        let ids: Vec<&str> = ids
            .iter()
            .copied()
            .filter(|id| !id.contains('\0'))
            .collect();
        let sql = format!("{} where view_id = any($1) order by view_id", self.select());
        let query = sqlx::query(&sql).persistent(false).bind(ids);
        let found = query.fetch_all(self.database.pool()).await;
        self.all(&found.map_err(|e| self.failed("reading rows of a view", e))?)
    }

    /// At most `limit` rows in key order, beginning behind the key `after`.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn page(&self, after: Option<&str>, limit: u32) -> Result<Vec<Row<S>>, ReadError> {
        let bound = if after.is_some() {
            "where view_id > $1"
        } else {
            "where $1::text is null"
        };
        let sql = format!("{} {bound} order by view_id limit $2", self.select());
        // NUL is less than every other character: the key behind `a\0...` is the key behind `a`.
        let after = after.map(|key| key.split('\0').next().unwrap_or_default());
        let query = sqlx::query(&sql)
            .persistent(false)
            .bind(after)
            .bind(i64::from(limit));
        let found = query.fetch_all(self.database.pool()).await;
        self.all(&found.map_err(|e| self.failed("reading a page of a view", e))?)
    }

    /// A page as it is asked for: see [`PageQuery`].
    ///
    /// There is no index on the fields of a state: rows of others in between are read and passed
    /// over.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn page_of(&self, asked: PageQuery<'_>) -> Result<Vec<Row<S>>, ReadError> {
        // No JSON object holds a NUL, and the database takes none.
        if asked.wanted.iter().any(|(_, text)| text.contains('\0')) {
            return Ok(Vec::new());
        }
        let (behind, order) = match asked.descending {
            false => (">", "asc"),
            true => ("<", "desc"),
        };
        let (fields, texts): (Vec<&str>, Vec<&str>) = asked.wanted.iter().copied().unzip();
        let only = match fields.is_empty() {
            true => "cardinality($3::text[] || $4::text[]) = 0",
            false => {
                "not exists (select from unnest($3::text[], $4::text[]) as w (field, text)
                              where payload ->> w.field is distinct from w.text)"
            }
        };
        let sql = format!(
            "{} where ($1::text is null or view_id {behind} $1) and {only}
             order by view_id {order} limit $2",
            self.select()
        );
        let after = asked
            .after
            .map(|key| key.split('\0').next().unwrap_or_default());
        let query = sqlx::query(&sql)
            .persistent(false)
            .bind(after)
            .bind(i64::from(asked.limit))
            .bind(fields)
            .bind(texts);
        let found = query.fetch_all(self.database.pool()).await;
        self.all(&found.map_err(|e| self.failed("reading a page of a view", e))?)
    }

    /// How many rows there are. Reads the whole index: not for every request.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn count(&self) -> Result<u64, ReadError> {
        let failed = |e| self.failed("counting the rows of a view", e);
        let sql = format!("select count(*) as rows from {}", self.table.quoted());
        let row = sqlx::query(&sql)
            .fetch_one(self.database.pool())
            .await
            .map_err(failed)?;
        let rows: i64 = row.try_get("rows").map_err(failed)?;
        Ok(u64::try_from(rows).unwrap_or_default())
    }

    fn select(&self) -> String {
        format!(
            "select view_id, version, payload::text as payload from {}",
            self.table.quoted()
        )
    }

    fn all(&self, rows: &[PgRow]) -> Result<Vec<Row<S>>, ReadError> {
        rows.iter().map(|row| self.typed(row)).collect()
    }

    fn typed(&self, row: &PgRow) -> Result<Row<S>, ReadError> {
        let stored = database::stored(row);
        let (id, row) = stored.map_err(|e| self.failed("reading a row of a view", e))?;
        Ok(row.typed(id, &self.table)?)
    }

    fn failed(&self, attempted: &'static str, error: sqlx::Error) -> ReadError {
        let undefined = |e: &dyn sqlx::error::DatabaseError| e.code().as_deref() == Some("42P01");
        if error.as_database_error().is_some_and(undefined) {
            return ReadError::NoTable {
                table: self.table.to_string(),
            };
        }
        ReadError::Store(Database::failure(attempted, error))
    }
}
