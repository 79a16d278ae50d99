//! `ingesta keys`: who may come in by a key of this server's own.
//!
//! Promises: a key is shown once, on stdout and nowhere else; what is stored is a hash.
//! Does not: reach a server: the keys are in its log.

use std::sync::Arc;

use ingesta_event_store::{CommandError, PostgresStorage, Storage};
use serde_json::json;
use uuid::Uuid;

use super::args::{AddKeyArgs, KeysCommand};
use super::database::Opened;
use super::exit::{CliError, Exit};
use super::out::Out;
use super::subscriptions::confirmed;
use crate::acceso::{ClaveError, Claves};
use crate::app::event_codec;
use crate::config::Config;

pub(super) async fn run(
    config: &Config,
    command: KeysCommand,
    out: &Out,
) -> Result<Exit, CliError> {
    if let KeysCommand::Revoke { yes, .. } = &command {
        confirmed(*yes, "whoever uses this key is shut out for good")?;
    }
    let opened = Opened::existing(config).await?.checked().await?;
    let storage: Arc<dyn Storage> = Arc::new(PostgresStorage::new(opened.database.clone()));
    let claves = Claves::new(&storage, &event_codec());
    let done = match command {
        KeysCommand::Add(args) => add(&claves, args, config, out).await,
        KeysCommand::List => list(&claves, out).await,
        KeysCommand::Revoke { id, .. } => revoke(&claves, id, out).await,
    };
    opened.close().await?;
    done.map(|()| Exit::Done)
}

async fn add(
    claves: &Claves,
    args: AddKeyArgs,
    config: &Config,
    out: &Out,
) -> Result<(), CliError> {
    let AddKeyArgs {
        name,
        role,
        provider,
    } = args;
    let (id, key) = claves.crear(&name, role, provider).await.map_err(failed)?;
    out.json(&json!({ "event": "key", "id": id, "name": name, "role": role, "key": key }));
    out.text(format_args!("{key}"));
    out.note(format_args!(
        "key {id} of {name}: it is not shown again; send it as `Authorization: Bearer KEY`"
    ));
    if config.acceso.is_none() {
        out.note("a server with these settings asks for no key (access = required)");
    }
    Ok(())
}

async fn list(claves: &Claves, out: &Out) -> Result<(), CliError> {
    let rows = claves.lista().await.map_err(failed)?;
    if rows.is_empty() {
        out.text("no keys: make one with `ingesta keys add`");
    }
    for row in rows {
        out.json(&row);
        let works = match row.revocada {
            None => "works".to_owned(),
            Some(at) => format!("revoked {}", at.format("%Y-%m-%d %H:%M")),
        };
        let whose = row.id_proveedor.map(|id| format!(" {id}"));
        out.text(format_args!(
            "{}  {:<9} {works:<24} {}{}",
            row.id,
            row.rol,
            row.nombre,
            whose.unwrap_or_default()
        ));
    }
    Ok(())
}

async fn revoke(claves: &Claves, id: Uuid, out: &Out) -> Result<(), CliError> {
    claves.revocar(id).await.map_err(failed)?;
    out.json(&json!({ "event": "revoked", "id": id }));
    out.text(format_args!("key {id} works no more"));
    Ok(())
}

fn failed(error: CommandError<ClaveError>) -> CliError {
    match error {
        CommandError::Refused(refusal @ (ClaveError::Nombre | ClaveError::Proveedor)) => {
            CliError::Usage(refusal.to_string())
        }
        CommandError::Store(error) => CliError::Store(error),
        other @ (CommandError::Refused(_)
        | CommandError::VersionMismatch { .. }
        | CommandError::Conflict { .. }
        | CommandError::CommandIdReused
        | CommandError::Undecodable(_)
        | CommandError::Unencodable(_)
        | CommandError::Rejected { .. }
        | CommandError::Unknown(_)) => CliError::Failed(other.to_string()),
    }
}
