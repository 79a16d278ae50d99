//! What an operator looks after in a running server, whatever door the wish comes through.
//!
//! | room | what lives there |
//! |---|---|
//! | [`obras`] | rebuilds that this process does, one at a time |
//! | [`proyecciones`] | which projections there are, and how one is folded anew |
//! | [`sagas`] | what a person says to a saga |
//! | [`standing`] | the words for how things stand |
//! | [`apartados`] | messages that were put aside |
//!
//! Promises: nothing here is personal; a rebuild ends with the server and goes on where it stopped.

pub(crate) mod apartados;
pub(crate) mod obras;
pub(crate) mod proyecciones;
pub(crate) mod sagas;
pub(crate) mod standing;

use std::sync::Arc;

use ingesta_event_store::PostgresStorage;
use ingesta_kafka::connect::KafkaError;

use self::apartados::Apartados;
use self::obras::Obras;
use crate::app::Messaging;

/// What an operator's routes work on. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Operacion {
    pub(crate) storage: PostgresStorage,
    pub(crate) obras: Obras,
    /// Absent without a broker.
    pub(crate) apartados: Option<Arc<Apartados>>,
}

impl Operacion {
    /// # Errors
    /// When the broker's settings are wrong.
    pub(crate) fn new(
        storage: PostgresStorage,
        messaging: Option<&Messaging>,
    ) -> Result<Self, KafkaError> {
        let apartados = messaging.map(Apartados::new).transpose()?;
        Ok(Self {
            obras: Obras::new(storage.database().clone()),
            storage,
            apartados: apartados.map(Arc::new),
        })
    }
}
