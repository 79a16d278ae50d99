//! `ingesta migrate`: the schema is brought up to date.
//!
//! Promises: all steps or none; a second run does nothing and says so.
//! Does not: go back, or touch the views' tables (the server makes those).

use serde_json::json;

use super::database::Opened;
use super::exit::{CliError, Exit};
use super::out::Out;
use crate::config::Config;

pub(super) async fn run(config: &Config, out: &Out) -> Result<Exit, CliError> {
    let opened = Opened::existing_or_own(config, out).await?;
    let migrated = opened.database.migrate().await;
    let shown = opened.shown.clone();
    opened.close().await?;
    let status = migrated?;
    out.json(&json!({
        "database": shown,
        "from": status.from,
        "to": status.to,
        "applied": status.applied,
    }));
    if status.applied.is_empty() {
        out.text(format_args!("{shown} is at version {} already", status.to));
    } else {
        let steps = status.applied.join(", ");
        out.text(format_args!(
            "{shown}: {} -> {} ({steps})",
            status.from, status.to
        ));
    }
    Ok(Exit::Done)
}
