//! The name of a view's table: checked once, so that it can stand in SQL text.

use std::borrow::Cow;
use std::fmt;

/// The name of a table: a lower-case letter or `_`, then up to 62 of `a-z`, `0-9` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName(Cow<'static, str>);

/// The text is not the name of a table that this library would make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a table name: expected a-z or _, then up to 62 of a-z, 0-9 and _")]
pub struct InvalidTableName;

impl TableName {
    /// The longest key of a row in bytes: what an index of Postgres takes, with room to spare.
    pub const KEY_BYTES_MAX: usize = 2_600;

    /// Checks the name.
    ///
    /// ```
    /// use ingesta_projections::TableName;
    /// assert!(TableName::new("ingestas_v1").is_ok());
    /// assert!(TableName::new("Ingestas-v1").is_err());
    /// ```
    ///
    /// # Errors
    /// When it has another form.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Result<Self, InvalidTableName> {
        let name = name.into();
        let first = name
            .bytes()
            .next()
            .is_some_and(|b| b.is_ascii_lowercase() || b == b'_');
        let rest = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if first && name.len() <= 63 && name.bytes().all(rest) {
            Ok(Self(name))
        } else {
            Err(InvalidTableName)
        }
    }

    /// The name as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name within SQL text. Quoted, for `order` and `user` are names too.
    pub(crate) fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
