//! What a person says to a saga.
//!
//! Promises: it is stored before it is answered, in the conversation of the saga; a server that runs
//! sagas carries it out, now or when it starts.

use ingesta_domain::saga::{EstadoSaga, SagaError};
use ingesta_domain::valor::IdIngesta;
use ingesta_event_store::{CommandError, EventStorage, Metadata, PostgresStorage, StreamId};
use ingesta_sagas::{HeardBy, caused_by};

use crate::saga::{Proceso, SagaDeIngesta, Sagas};

/// Tells it, under a name that makes a repetition one, and answers with the state that it is in then.
///
/// # Errors
/// What the saga refuses, and what keeps it from being stored.
pub(crate) async fn decir(
    (storage, sagas): (&PostgresStorage, &Sagas),
    id: IdIngesta,
    heard: HeardBy<Proceso>,
    (name, actor): (String, &str),
) -> Result<Option<EstadoSaga>, CommandError<SagaError>> {
    let key = id.to_string();
    let events = storage.load(&StreamId::of::<SagaDeIngesta>(&key), 0).await;
    let metadata = match events.map_err(CommandError::Store)?.last() {
        Some(event) => caused_by(event, actor),
        None => Metadata::default(),
    };
    sagas.hear(&key, heard, name, metadata).await?;
    let loaded = sagas.load(&key).await?;
    Ok(loaded.state.state().saga().estado())
}
