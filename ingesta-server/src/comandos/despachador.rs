//! The dispatcher: the one way from any door (HTTP, a reaction, a topic, a saga) to an aggregate.
//!
//! Promises: what is dispatched runs detached from its caller, and its outcome is counted, without
//! any id. It decides nothing and retries nothing: the event store does, a bounded number of times.

use std::sync::Arc;

use cqrs_es::Aggregate;
use ingesta_domain::imagen::Imagen;
use ingesta_domain::ingesta::{Ingesta, IngestaError};
use ingesta_domain::valor::{IdIngesta, IdProveedor};
use ingesta_event_store::{CommandContext, CommandError, CommandStamp, Commands, EventCodec};
use ingesta_event_store::{Executed, Storage};

use super::{Comando, Despachable, outcome};
use crate::app::Metrics;

/// Why a command `C` did not answer with an outcome.
pub type ComandoError<C> = CommandError<<<C as Comando>::Agregado as Aggregate>::Error>;

/// Hands every command to its handler.
#[derive(Clone)]
pub struct Despachador {
    pub(super) ingestas: Commands<Ingesta>,
    pub(super) imagenes: Commands<Imagen>,
    metrics: Metrics,
}

impl Despachador {
    /// A dispatcher over this store, with the codec of [`crate::app::event_codec`].
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>, codec: EventCodec) -> Self {
        Self::measured(storage, codec, Metrics::default())
    }

    pub(crate) fn measured(storage: Arc<dyn Storage>, codec: EventCodec, metrics: Metrics) -> Self {
        Self {
            ingestas: Commands::new(Arc::clone(&storage), codec.clone(), ()),
            imagenes: Commands::new(storage, codec, ()),
            metrics,
        }
    }

    /// Executes `command` on the aggregate `id`.
    ///
    /// `command_id` names the command, for ever: a second one with the same name is answered with
    /// the first one's outcome, or refused if it wishes something else.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn ejecutar<C: Comando>(
        &self,
        id: C::Id,
        command: C,
        command_id: Option<String>,
        mut context: CommandContext,
    ) -> Result<Executed, ComandoError<C>> {
        context.command = command_id.map(|name| CommandStamp {
            id: name,
            fingerprint: command.huella(&id),
        });
        context.creates = C::CREA;
        let commands = C::Agregado::manejador(self);
        let ended = commands
            .execute(&id.to_string(), command.into(), context)
            .await;
        self.metrics.command(C::NOMBRE, outcome(&ended));
        ended
    }
}

impl Despachador {
    /// Whose an ingesta is; `None`: there is none of this id.
    ///
    /// # Errors
    /// When the log does not answer, or an event of it cannot be read.
    pub(crate) async fn proveedor(
        &self,
        id: IdIngesta,
    ) -> Result<Option<IdProveedor>, CommandError<IngestaError>> {
        let loaded = self.ingestas.load(&id.to_string()).await?;
        Ok(loaded.state.datos().map(|datos| datos.id_proveedor))
    }
}

impl Despachable for Ingesta {
    fn manejador(despachador: &Despachador) -> &Commands<Self> {
        &despachador.ingestas
    }
}

impl Despachable for Imagen {
    fn manejador(despachador: &Despachador) -> &Commands<Self> {
        &despachador.imagenes
    }
}
