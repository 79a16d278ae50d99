//! `ingesta doctor`: what is wrong with a database, or will be, and what to do about it.
//!
//! Promises: changes nothing; each finding has a severity, a code, a sentence and an advice; no
//! payload is shown. Exit code 5 where there is an error or a warning.
//! Does not: mend anything, or look at what lies outside the database.

mod events;
mod finding;
mod log;
mod progress;
mod server;
mod subscriptions;
mod views;

use ingesta_event_store::{EventStorage, PostgresStorage};
use serde_json::json;

use super::args::DoctorArgs;
use super::database::Opened;
use super::exit::{CliError, Exit};
use super::out::Out;
use crate::config::Config;
use finding::{Finding, Severity};

pub(super) async fn run(config: &Config, args: DoctorArgs, out: &Out) -> Result<Exit, CliError> {
    let opened = Opened::existing(config).await?;
    let found = examine(&opened, config, args, out).await;
    opened.close().await?;
    let mut found = found?;
    found.sort_by_key(|finding| finding.severity);
    found.iter().for_each(|finding| finding.print(out));
    Ok(summary(&found, out))
}

async fn examine(
    opened: &Opened,
    config: &Config,
    args: DoctorArgs,
    out: &Out,
) -> Result<Vec<Finding>, CliError> {
    let mut found = server::judge(&opened.database.durability().await?);
    let logged = opened.database.logs_parameters().await?;
    found.extend(server::parameters(logged));
    // On another schema nothing else can be asked.
    if let Some(finding) = log::schema(&opened.database).await? {
        found.push(finding);
        return Ok(found);
    }
    let storage = PostgresStorage::new(opened.database.clone());
    found.extend(log::cluster(&opened.database).await?);
    found.extend(server::oldest_writer(storage.oldest_writer().await?));
    let head = storage.head().await?;
    found.extend(subscriptions::check(&storage, config, head).await?);
    found.extend(views::check(&storage, &opened.database).await?);
    found.extend(events::check(&storage, args.all, head, out).await?);
    Ok(found)
}

fn summary(found: &[Finding], out: &Out) -> Exit {
    let count = |severity| found.iter().filter(|f| f.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let is_well = errors + warnings == 0;
    out.json(&json!({
        "event": "summary",
        "well": is_well,
        "errors": errors,
        "warnings": warnings,
        "infos": count(Severity::Info),
    }));
    if is_well {
        out.text("all is well");
        return Exit::Done;
    }
    out.text(format_args!("{errors} errors, {warnings} warnings"));
    Exit::Findings
}
