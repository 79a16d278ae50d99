//! `ingesta schemas check`: may these schemas be used?
//!
//! Promises: every finding is printed; with any, the exit code is 5. Registers nothing.

use serde_json::json;

use super::super::args::CheckSchemasArgs;
use super::super::exit::{CliError, Exit};
use super::super::out::Out;
use super::{all, esquemas, prefix, reason, registry};
use crate::config::Config;

pub(super) async fn run(
    config: &Config,
    args: &CheckSchemasArgs,
    out: &Out,
) -> Result<Exit, CliError> {
    let mut findings: Vec<String> = esquemas().audit().iter().map(ToString::to_string).collect();
    if let Some(url) = &args.registry {
        let registry = registry(url.as_deref(), config)?;
        let prefix = prefix(args.prefix.as_deref(), config);
        for (_, subject, version, revisions) in all(prefix) {
            let Some(last) = revisions.last() else {
                continue;
            };
            let judged = registry.check(&subject, &last.avro).await;
            if let Err(why) = reason(judged)? {
                findings.push(format!(
                    "{subject} {version}: the registry takes it for incompatible: {why}"
                ));
            }
        }
    }
    for finding in &findings {
        out.json(&json!({ "event": "finding", "message": finding }));
        out.text(finding);
    }
    let schemas = all("").count();
    out.json(&json!({
        "event": "summary",
        "schemas": schemas,
        "findings": findings.len(),
        "registry": args.registry.is_some(),
    }));
    if !findings.is_empty() {
        return Ok(Exit::Findings);
    }
    let asked = match args.registry {
        Some(_) => ", and the registry takes every one",
        None => "",
    };
    out.text(format_args!(
        "{schemas} schemas, nothing breaks anybody{asked}"
    ));
    Ok(Exit::Done)
}
