//! Which projections there are, and how one is folded anew.

use std::sync::Arc;

use ingesta_event_store::{Database, PostgresStorage};
use ingesta_projections::{ProjectionEntry, Rebuild, RebuildOptions, TableName};

use crate::app::{event_codec, imagenes, ingestas, vista_de_sagas};
use crate::registry::{PROJECTIONS, VISTA_IMAGENES, VISTA_INGESTAS, VISTA_SAGAS};

/// The projection of this name.
pub(crate) fn named(name: &str) -> Option<&'static str> {
    PROJECTIONS.iter().copied().find(|known| *known == name)
}

/// Every projection of this program, with its table.
pub(crate) fn entries() -> Vec<ProjectionEntry> {
    let entry = |name: &&'static str| ProjectionEntry {
        name: (*name).to_owned(),
        table: TableName::new(*name).expect("the registry holds names of tables"),
    };
    PROJECTIONS.iter().map(entry).collect()
}

/// A rebuild of these projections.
pub(crate) fn rebuild(
    database: &Database,
    names: &[&'static str],
    options: RebuildOptions,
) -> Rebuild {
    let codec = event_codec();
    let storage = Arc::new(PostgresStorage::new(database.clone()));
    let rebuild = Rebuild::new(database, storage).options(options);
    names.iter().fold(rebuild, |rebuild, name| match *name {
        VISTA_INGESTAS => rebuild.with_subscriber(ingestas(database, &codec)),
        VISTA_IMAGENES => rebuild.with_subscriber(imagenes(database, &codec)),
        VISTA_SAGAS => rebuild.with_subscriber(vista_de_sagas(database, &codec)),
        // The registry and this list are held together by a test.
        _ => rebuild,
    })
}
