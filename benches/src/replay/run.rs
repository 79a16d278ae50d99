//! Our rebuild, as a program calls it, with the settings that it has by itself.

use std::sync::Arc;

use anyhow::ensure;
use ingesta_event_store::{Database, DatabaseOptions, PostgresStorage};
use ingesta_projections::{Rebuild, RebuildOptions};

use crate::sides::shown;

/// Rebuilds the view of this database, comparing it with the one that is there or not.
///
/// # Errors
/// When it fails, or something could not be folded.
pub(super) async fn rebuild(url: &str, compare: bool) -> anyhow::Result<()> {
    let database = Database::connect(url, DatabaseOptions::default()).await?;
    let storage = Arc::new(PostgresStorage::new(database.clone()));
    let options = RebuildOptions {
        compare,
        ..RebuildOptions::default()
    };
    let rebuild = Rebuild::new(&database, storage).with(shown()?);
    for done in rebuild.options(options).run().await? {
        ensure!(
            done.parked == 0,
            "{} streams could not be folded",
            done.parked
        );
    }
    database.close().await;
    Ok(())
}
