//! What an ingesta's stream begins with, for messages that tell more than their own event does.
//!
//! Promises: it never changes, so a repetition says the same; a log that is away is waited for.

use ingesta_domain::ingesta::{Ingesta, IngestaCreada, IngestaEvent};
use ingesta_event_store::{EventCodec, EventStorage, StreamId};
use ingesta_kafka::relay::{Away, TranslateError, Untranslatable};

use super::leido::leer;

/// The creation in this stream of an ingesta.
pub(super) async fn creacion(
    storage: &dyn EventStorage,
    codec: &EventCodec,
    stream: &StreamId,
) -> Result<IngestaCreada, TranslateError> {
    let loaded = storage.load(stream, 0).await;
    let stream = loaded.map_err(|error| Away::new("the beginning of the stream", error))?;
    let mut creada = None;
    for first in stream.iter().take(1) {
        for part in leer::<Ingesta>(codec, first)? {
            if let IngestaEvent::IngestaCreada(e) = part {
                creada = Some(e);
            }
        }
    }
    let without = || Untranslatable::new("no_creation", "the stream begins with no creation");
    Ok(creada.ok_or_else(without)?)
}
