//! `ingesta sagas retry` and `abandon`: what a person wants of a saga.
//!
//! Promises: it is stored before it is answered, in the conversation of the saga; a server that runs
//! sagas carries it out, now or when it starts.

use std::sync::Arc;

use ingesta_domain::valor::IdIngesta;
use ingesta_event_store::{CommandError, PostgresStorage};
use ingesta_sagas::HeardBy;
use serde_json::json;
use uuid::Uuid;

use crate::app::event_codec;
use crate::cli::database::Opened;
use crate::cli::exit::{CliError, Exit};
use crate::cli::out::Out;
use crate::config::Config;
use crate::operacion::sagas::decir;
use crate::saga::{Proceso, Sagas};

/// Who asks, in what is stored.
const ACTOR: &str = "ingesta sagas";

pub(super) async fn run(
    config: &Config,
    id: IdIngesta,
    heard: HeardBy<Proceso>,
    (done, out): (&str, &Out),
) -> Result<Exit, CliError> {
    let opened = Opened::existing(config).await?.checked().await?;
    let storage = PostgresStorage::new(opened.database.clone());
    let sagas = Sagas::new(Arc::new(storage.clone()), event_codec());
    // Each call is a new wish.
    let name = format!("cli/{}", Uuid::now_v7());
    let told = decir((&storage, &sagas), id, heard, (name, ACTOR)).await;
    opened.close().await?;
    let estado = told.map_err(refused)?;
    let estado = estado.map_or_else(|| "-".to_owned(), |estado| estado.to_string());
    out.json(&json!({ done: id.to_string(), "estado": estado }));
    out.text(format_args!("{done} {id}, now {estado}"));
    if config.saga.is_none() {
        out.note(
            "a server with these settings runs no sagas (saga = si): it waits for one that does",
        );
    }
    Ok(Exit::Done)
}

fn refused(error: CommandError<ingesta_domain::saga::SagaError>) -> CliError {
    match error {
        CommandError::Refused(refusal) => CliError::Failed(refusal.to_string()),
        CommandError::Store(error) => CliError::Store(error),
        other @ (CommandError::Unknown(_)
        | CommandError::Conflict { .. }
        | CommandError::VersionMismatch { .. }
        | CommandError::CommandIdReused
        | CommandError::Undecodable(_)
        | CommandError::Unencodable(_)
        | CommandError::Rejected { .. }) => CliError::Failed(other.to_string()),
    }
}
