//! `ingesta schemas push`: the schemas into a registry.
//!
//! Promises: each subject is told to refuse what breaks anybody, then every revision is registered,
//! the earliest first; what is there already keeps its number, so a second run changes nothing. A
//! refused schema is told with the registry's reason and keeps no other back.

use ingesta_kafka::avro::{AvroSchema, SchemaId};
use ingesta_kafka::schema::{RegistryError, SchemaRegistry};
use serde_json::json;

use super::super::args::PushSchemasArgs;
use super::super::exit::{CliError, Exit};
use super::super::out::Out;
use super::{all, prefix, reason, registry};
use crate::config::Config;

/// What came of one revision.
enum Pushed {
    New(SchemaId),
    There(SchemaId),
    Incompatible(String),
}

pub(super) async fn run(
    config: &Config,
    args: &PushSchemasArgs,
    out: &Out,
) -> Result<Exit, CliError> {
    let registry = registry(args.registry.as_deref(), config)?;
    let mut refused = 0;
    for (_, subject, version, revisions) in all(prefix(args.prefix.as_deref(), config)) {
        let ruled = registry.require_full_transitive(&subject).await;
        ruled.map_err(CliError::Registry)?;
        for (at, revision) in revisions.iter().enumerate() {
            let pushed = push(&registry, &subject, &revision.avro).await?;
            let at = at + 1;
            let (outcome, id, why) = match &pushed {
                Pushed::New(id) => ("registered", Some(id.0), None),
                Pushed::There(id) => ("there", Some(id.0), None),
                Pushed::Incompatible(why) => ("incompatible", None, Some(why)),
            };
            out.json(&json!({
                "event": outcome,
                "subject": subject,
                "version": version.to_string(),
                "revision": at,
                "id": id,
                "reason": why,
            }));
            let name = format!("{subject} {version}, revision {at}");
            match pushed {
                Pushed::New(id) => out.text(format_args!("{name}: registered as {id}")),
                Pushed::There(id) => out.text(format_args!("{name}: there already, {id}")),
                Pushed::Incompatible(why) => {
                    refused += 1;
                    out.text(format_args!("{name}: incompatible: {why}"));
                }
            }
        }
    }
    if refused == 0 {
        return Ok(Exit::Done);
    }
    let text = "the registry takes schemas for incompatible with those that it has: \
        give them a new major version, or remove what stands there";
    Err(CliError::Failed(format!(
        "{refused} not registered; {text}"
    )))
}

async fn push(
    registry: &SchemaRegistry,
    subject: &str,
    schema: &AvroSchema,
) -> Result<Pushed, CliError> {
    match registry.id_of(subject, schema).await {
        Ok(id) => return Ok(Pushed::There(id)),
        Err(RegistryError::NotRegistered { .. }) => {}
        Err(error) => return Err(CliError::Registry(error)),
    }
    let registered = registry.register(subject, schema).await;
    Ok(match reason(registered)? {
        Ok(id) => Pushed::New(id),
        Err(why) => Pushed::Incompatible(why),
    })
}
