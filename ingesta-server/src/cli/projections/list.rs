//! `ingesta projections list`: the tables that are folded from the log.
//!
//! Promises: asks, changes nothing.
//! Does not: count rows; the database's own estimate is shown, which comes late.

use ingesta_event_store::PostgresStorage;
use ingesta_projections::{ProjectionStatus, projection_statuses};
use serde_json::json;

use crate::cli::database::Opened;
use crate::cli::exit::{CliError, Exit};
use crate::cli::out::Out;
use crate::config::Config;
use crate::operacion::{proyecciones::entries, standing};

pub(super) async fn run(config: &Config, out: &Out) -> Result<Exit, CliError> {
    let opened = Opened::existing(config).await?.checked().await?;
    let entries = entries();
    let storage = PostgresStorage::new(opened.database.clone());
    let statuses = projection_statuses(&storage, &opened.database, &entries).await?;
    for status in &statuses {
        out.json(&as_json(status));
    }
    let head = ["NAME", "STATE", "CHECKPOINT", "LAG", "ROWS", "PARKED"];
    out.table(&head, &statuses.iter().map(columns).collect::<Vec<_>>());
    opened.close().await?;
    Ok(Exit::Done)
}

fn columns(status: &ProjectionStatus) -> Vec<String> {
    let absent = || "-".to_owned();
    vec![
        status.name.clone(),
        standing::projection(status).to_owned(),
        status
            .checkpoint
            .map_or_else(absent, |position| position.to_string()),
        status.lag.events.to_string(),
        status
            .rows_estimate
            .map_or_else(absent, |rows| format!("about {rows}")),
        status.parked.to_string(),
    ]
}

fn as_json(status: &ProjectionStatus) -> serde_json::Value {
    json!({
        "name": status.name,
        "state": standing::projection(status),
        "table": status.table.to_string(),
        "checkpoint": status.checkpoint,
        "lag_events": status.lag.events,
        "lag_seconds": status.lag.age.map(|age| age.as_secs_f64()),
        "rows_estimate": status.rows_estimate,
        "parked": status.parked,
        "moved_at": status.moved_at,
    })
}
