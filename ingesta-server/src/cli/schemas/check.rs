//! `ingesta schemas check`: may these schemas be used?
//!
//! Promises: every finding is printed; with any, the exit code is 5. Registers nothing.

use serde_json::json;

use super::super::args::CheckSchemasArgs;
use super::super::exit::{CliError, Exit};
use super::super::out::Out;
use super::{all, esquemas, reason, registry};

pub(super) async fn run(args: &CheckSchemasArgs, out: &Out) -> Result<Exit, CliError> {
    let mut findings: Vec<String> = esquemas().audit().iter().map(ToString::to_string).collect();
    if let Some(url) = &args.registry {
        let registry = registry(url)?;
        for (_, subject, version, revisions) in all(&args.prefix) {
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
    let whom = match args.registry {
        Some(_) => "each other and with the registry's",
        None => "each other",
    };
    out.text(format_args!("{schemas} schemas, compatible with {whom}"));
    Ok(Exit::Done)
}
