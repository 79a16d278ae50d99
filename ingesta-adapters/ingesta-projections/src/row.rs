//! One row of a view, as text and as its type.

use serde::de::DeserializeOwned;

use crate::{RowError, TableName};

/// A row of a view.
#[derive(Clone, PartialEq, Eq)]
pub struct Row<S> {
    /// Its key: the aggregate's id, for a [`crate::ViewProjection`].
    pub id: String,
    /// See [`crate::Versioning`].
    pub version: u64,
    /// What the events made of it.
    pub state: S,
}

/// Neither key nor state is printed: both may hold personal data.
impl<S> std::fmt::Debug for Row<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// A row as it is stored, without its key.
#[derive(Clone)]
pub(crate) struct StoredRow {
    pub(crate) version: u64,
    /// JSON text.
    pub(crate) payload: String,
}

impl StoredRow {
    pub(crate) fn state<S: DeserializeOwned>(&self, table: &TableName) -> Result<S, RowError> {
        serde_json::from_str(&self.payload).map_err(|e| RowError::new(table.as_str(), &e))
    }

    pub(crate) fn typed<S: DeserializeOwned>(
        self,
        id: String,
        table: &TableName,
    ) -> Result<Row<S>, RowError> {
        Ok(Row {
            state: self.state(table)?,
            id,
            version: self.version,
        })
    }
}
