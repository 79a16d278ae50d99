//! `ingesta sagas show`: one saga, folded from its stream.
//!
//! Promises: as it is in the log now, whatever became of its view; asks, changes nothing.

use cqrs_es::View;
use ingesta_domain::valor::IdIngesta;
use ingesta_event_store::{EventStorage, PostgresStorage, StreamId};

use super::list::print;
use crate::app::event_codec;
use crate::cli::database::Opened;
use crate::cli::exit::{CliError, Exit};
use crate::cli::out::Out;
use crate::config::Config;
use crate::saga::SagaDeIngesta;
use crate::vistas::SagaVista;

pub(super) async fn run(config: &Config, id: IdIngesta, out: &Out) -> Result<Exit, CliError> {
    let opened = Opened::existing(config).await?.checked().await?;
    let storage = PostgresStorage::new(opened.database.clone());
    let stream = StreamId::of::<SagaDeIngesta>(id.to_string());
    let events = storage.load(&stream, 0).await;
    opened.close().await?;
    let (codec, mut view) = (event_codec(), SagaVista::default());
    for event in events? {
        codec
            .decode_each::<SagaDeIngesta>(&event, |envelope| view.update(&envelope))
            .map_err(|error| CliError::Failed(error.to_string()))?;
    }
    let without = || CliError::Failed(format!("the ingesta {id} has no saga"));
    print(&view.fila().ok_or_else(without)?, out);
    Ok(Exit::Done)
}
