//! The read side: every query is a type of the domain with one answer, one handler, one dispatcher.
//!
//! Promises: a query changes nothing; a read by the id of an ingesta that is in the log finds it,
//! whether its view has arrived or not; every wait is bounded.
//! Commands are in another room.

mod error;
mod historia;
mod imagen;
mod ingesta;
mod lecturas;
mod pasado;
mod saga;
mod todas;

use std::future::Future;

use ingesta_domain::consulta::Consulta;
use ingesta_event_store::Position;

pub use error::ConsultaError;
pub use lecturas::Lecturas;
pub use todas::Pagina;

/// A query with its answer and its one handler.
pub trait Manejada: Consulta + Send + Sized {
    /// What is answered.
    type Respuesta;

    /// Answers; with `desde`, an answer reflects at least the log up to there.
    fn manejar(
        self,
        lecturas: &Lecturas,
        desde: Option<Position>,
    ) -> impl Future<Output = Result<Self::Respuesta, ConsultaError>> + Send;
}

/// Hands every query to its handler.
#[derive(Clone)]
pub struct Consultas {
    lecturas: Lecturas,
}

impl Consultas {
    /// Over these reads.
    #[must_use]
    pub fn new(lecturas: Lecturas) -> Self {
        Self { lecturas }
    }

    /// Answers a query.
    ///
    /// # Errors
    /// See [`ConsultaError`].
    pub async fn consultar<C: Manejada>(
        &self,
        consulta: C,
        desde: Option<Position>,
    ) -> Result<C::Respuesta, ConsultaError> {
        consulta.manejar(&self.lecturas, desde).await
    }

    /// What the queries read from.
    #[must_use]
    pub fn lecturas(&self) -> &Lecturas {
        &self.lecturas
    }
}
