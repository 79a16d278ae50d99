//! A mended row takes its place, in one statement with the parking of its stream.
//!
//! Under the lease of the pause: who lost it writes nothing.

use ingesta_event_store::StoreError;
use ingesta_event_store::subscription::{Commit, Effect, Unpark};

use super::Mended;
use super::row::Row;
use crate::database;
use crate::rebuild::RebuildError;
use crate::rebuild::build::Ground;
use crate::rebuild::keep::Kept;
use crate::rebuild::parked::{Stop, put_aside};
use crate::subscriber::effects;

/// Stores the row, and what becomes of its stream.
pub(super) async fn store(
    ground: &Ground,
    kept: &Kept,
    row: Row<'_>,
    failed: Option<Stop>,
    unpark: Vec<Unpark>,
) -> Result<Mended, RebuildError> {
    let (table, key) = (row.target.table(), row.key.to_owned());
    let keys = [key.clone()];
    let stored = database::rows(&ground.database, table, &keys).await;
    let stored = stored.map_err(|e| {
        ingesta_event_store::Database::failure("reading the row that is to be mended", e)
    })?;
    let before = stored.into_values().next();
    let mended = Mended {
        projection: row.target.name().to_owned(),
        before: before.as_ref().map(|row| row.version),
        after: row.row.as_ref().map(|row| row.version),
        changed: match (&before, &row.row) {
            (Some(one), Some(other)) => {
                (one.version, &one.payload) != (other.version, &other.payload)
            }
            (None, None) => false,
            _ => true,
        },
        parked: failed.is_some(),
        unknown: row.unknown,
        position: kept.lease().checkpoint,
    };
    let parked = failed.map(|failed| {
        let before = row.aside.parked.get(&failed.stream).copied();
        Effect::Sql(put_aside([failed], before))
    });
    let mut effects = effects(table, vec![(key, row.row)]);
    effects.extend(parked);
    let commit = Commit {
        effects,
        unpark,
        ..Commit::default()
    };
    match ground.storage.commit(kept.lease(), commit).await {
        Ok(()) => Ok(mended),
        Err(StoreError::LeaseLost { .. }) => Err(RebuildError::TakenOver {
            projection: mended.projection,
        }),
        Err(error) => Err(error.into()),
    }
}
