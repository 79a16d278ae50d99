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
use crate::mensajes::{Esquema, esquemas};

pub(super) async fn run(command: &SchemasCommand, out: &Out) -> Result<Exit, CliError> {
    match command {
        SchemasCommand::Check(args) => check::run(args, out).await,
        SchemasCommand::Print(args) => print::run(args, out),
        SchemasCommand::Push(args) => push::run(args, out).await,
    }
}

/// A client of the registry at this address.
fn registry(url: &str) -> Result<SchemaRegistry, CliError> {
    SchemaRegistry::new(RegistryOptions::new(url)).map_err(CliError::Registry)
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
