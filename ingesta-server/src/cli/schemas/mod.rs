//! `ingesta schemas`: what messages look like.
//!
//! Promises: needs no database and no broker; a registry is asked only where one is named.
//! Does not: change a schema. That is a file of the source and a review.

mod check;
mod print;
mod push;

use ingesta_kafka::schema::{
    MajorVersion, RegistryError, RegistryOptions, Revision, SchemaRegistry, value_subject,
};

use super::args::SchemasCommand;
use super::exit::{CliError, Exit};
use super::out::Out;
use crate::config::Config;
use crate::mensajes::{Esquema, esquemas};

pub(super) async fn run(
    config: &Config,
    command: &SchemasCommand,
    out: &Out,
) -> Result<Exit, CliError> {
    match command {
        SchemasCommand::Check(args) => check::run(config, args, out).await,
        SchemasCommand::Print(args) => print::run(args, out),
        SchemasCommand::Push(args) => push::run(config, args, out).await,
    }
}

/// The registry at this address, else the configured one.
fn registry(url: Option<&str>, config: &Config) -> Result<SchemaRegistry, CliError> {
    if let Some(url) = url {
        return SchemaRegistry::new(RegistryOptions::new(url)).map_err(CliError::Registry);
    }
    let configured = config.messaging.as_ref();
    let configured = configured.and_then(|messaging| messaging.rutas.registry());
    let text = "no registry: name one with `--registry URL`, \
        or configure kafka_brokers and kafka_schema_registry";
    let missing = || CliError::Usage(text.to_owned());
    configured.cloned().ok_or_else(missing)
}

/// This prefix, else the configured one.
fn prefix<'a>(given: Option<&'a str>, config: &'a Config) -> &'a str {
    let configured = config.messaging.as_ref();
    let configured = configured.map(|messaging| &*messaging.prefix);
    given.or(configured).unwrap_or_default()
}

/// Every schema with its subject behind this prefix, and its revisions, the earliest first.
fn all(prefix: &str) -> impl Iterator<Item = (Esquema, String, MajorVersion, &'static [Revision])> {
    let prefix = prefix.to_owned();
    Esquema::TODOS.into_iter().map(move |schema| {
        let revisions = schema.revisions();
        let subject = value_subject(&format!("{prefix}{}", schema.topic()));
        (schema, subject, schema.version(), revisions)
    })
}

/// What a registry's answer is worth: an incompatible schema is told and the others are gone
/// through; anything else ends it.
fn reason<T>(answer: Result<T, RegistryError>) -> Result<Result<T, String>, CliError> {
    match answer {
        Ok(done) => Ok(Ok(done)),
        Err(RegistryError::Incompatible { reason, .. }) => Ok(Err(reason)),
        Err(error) => Err(CliError::Registry(error)),
    }
}
