//! What a subscriber wants stored together with its checkpoint.
//!
//! An effect in SQL is a fragment that the store puts into one statement with the checkpoint, so
//! that it takes place exactly once. Its parameters are a small closed set of arrays: that keeps
//! the driver out of public signatures, and whole batches in one round trip.

use std::fmt;

/// One effect of a batch.
pub enum Effect {
    /// A data-modifying statement, executed with the checkpoint as one statement.
    Sql(SqlEffect),
    /// A change to memory, for the in-memory store: applied under its lock with the checkpoint.
    InMemory(Box<dyn FnOnce() + Send>),
}

impl fmt::Debug for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sql(sql) => f.debug_tuple("Sql").field(&sql.sql).finish(),
            Self::InMemory(_) => f.write_str("InMemory"),
        }
    }
}

/// `insert`, `update` or `delete` over arrays.
///
/// The text names its parameters `{0}`, `{1}`, ... and must write only where the lease still
/// holds: it selects `from own` (a row that exists only then), for example
/// `insert into t (id, n) select u.id, u.n from own, unnest({0}::text[], {1}::bigint[]) as u(id, n)
/// on conflict (id) do update set n = excluded.n`.
#[derive(Clone)]
pub struct SqlEffect {
    /// The statement's text.
    pub sql: String,
    /// Its parameters.
    pub args: Vec<Arg>,
}

/// A parameter: one array.
#[derive(Clone)]
pub enum Arg {
    /// `text[]`
    Texts(Vec<String>),
    /// `text[]` with nulls
    NullableTexts(Vec<Option<String>>),
    /// `bigint[]`
    Bigints(Vec<i64>),
}
