//! The in-memory twin of a projection's table, for first steps and for tests without a database.
//!
//! It folds with the same code and keeps its rows as the same text. Like the table it changes
//! only together with the checkpoint, so it needs a store that runs effects in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ingesta_event_store::subscription::{ConsumeError, Effect, Subscriber};
use ingesta_event_store::{RecordedEvent, TypeFilter};

use crate::fold::{Changes, Touched};
use crate::row::StoredRow;
use crate::{Projection, Row, RowError};

type Rows = BTreeMap<String, StoredRow>;

/// A projection whose rows are in memory.
pub struct MemoryView<P> {
    projection: P,
    rows: Arc<Mutex<Rows>>,
}

impl<P: Projection> MemoryView<P> {
    /// No rows yet.
    pub fn new(projection: P) -> Self {
        Self {
            projection,
            rows: Arc::default(),
        }
    }

    /// The row with this key.
    ///
    /// # Errors
    /// When the row cannot be read as the projection's state.
    pub fn get(&self, id: &str) -> Result<Option<Row<P::State>>, RowError> {
        let stored = locked(&self.rows).get(id).cloned();
        stored
            .map(|row| row.typed(id.to_owned(), self.projection.table()))
            .transpose()
    }

    /// Every row, in key order.
    ///
    /// # Errors
    /// When a row cannot be read as the projection's state.
    pub fn all(&self) -> Result<Vec<Row<P::State>>, RowError> {
        let rows = locked(&self.rows).clone();
        let typed = |(id, row): (String, StoredRow)| row.typed(id, self.projection.table());
        rows.into_iter().map(typed).collect()
    }
}

/// The lock outlives a panic: nothing that can panic runs under it.
fn locked(rows: &Mutex<Rows>) -> MutexGuard<'_, Rows> {
    rows.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl<P: Projection> Subscriber for MemoryView<P> {
    fn name(&self) -> &str {
        self.projection.name()
    }

    fn types(&self) -> TypeFilter {
        self.projection.types()
    }

    async fn consume(&self, batch: &[RecordedEvent]) -> Result<Vec<Effect>, ConsumeError> {
        let touched = Touched::of(&self.projection, batch)?;
        let stored: HashMap<String, StoredRow> = {
            let rows = locked(&self.rows);
            let keys = touched.keys().into_iter();
            keys.filter_map(|key| rows.get(&key).cloned().map(|row| (key, row)))
                .collect()
        };
        let changes = touched.fold(&self.projection, &stored)?;
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let rows = Arc::clone(&self.rows);
        Ok(vec![Effect::InMemory(Box::new(move || {
            write(&mut locked(&rows), changes)
        }))])
    }
}

fn write(rows: &mut Rows, changes: Changes) {
    for (key, change) in changes {
        match change {
            Some(row) => rows.insert(key, row),
            None => rows.remove(&key),
        };
    }
}
