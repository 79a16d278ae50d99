//! The tables of the projections: are they there?
//!
//! Promises: a projection that has run and whose table is gone is found.
//! Does not: look at rows; `projections verify` compares them with a fold of the log.

use ingesta_event_store::{Database, PostgresStorage, StoreError};
use ingesta_projections::projection_statuses;
use serde_json::json;

use super::finding::{Finding, Severity};
use crate::operacion::proyecciones::entries;

pub(super) async fn check(
    storage: &PostgresStorage,
    database: &Database,
) -> Result<Vec<Finding>, StoreError> {
    let statuses = projection_statuses(storage, database, &entries()).await?;
    let lost = statuses
        .into_iter()
        .filter(|status| status.checkpoint.is_some() && status.rows_estimate.is_none());
    Ok(lost
        .map(|status| {
            let (name, table) = (status.name, status.table.to_string());
            let message = format!("projection {name} has run, and its table {table} is missing");
            let advice =
                "run `ingesta projections rebuild` for it: the table is made anew from the log";
            Finding::new(Severity::Error, "view_table_missing", message, advice)
                .about(json!({ "projection": name, "table": table }))
        })
        .collect())
}
