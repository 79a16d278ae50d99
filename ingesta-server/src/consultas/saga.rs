//! `ObtenerSaga`: the saga of an ingesta, which begins a moment after its image was verified.

use ingesta_domain::consulta::ObtenerSaga;
use ingesta_event_store::{Position, StreamId};

use super::{ConsultaError, Lecturas, Manejada};
use crate::registry::VISTA_SAGAS;
use crate::saga::SagaDeIngesta;
use crate::vistas::{FilaSaga, SagaVista};

impl Manejada for ObtenerSaga {
    /// `None`: the log knows no saga of such an ingesta.
    type Respuesta = Option<FilaSaga>;

    async fn manejar(
        self,
        lecturas: &Lecturas,
        desde: Option<Position>,
    ) -> Result<Self::Respuesta, ConsultaError> {
        let id = self.id_ingesta.to_string();
        let stream = StreamId::of::<SagaDeIngesta>(&id);
        if lecturas.sirve(VISTA_SAGAS, &stream, desde).await?
            && let Some(row) = lecturas.sagas.view().get(&id).await?
        {
            return Ok(row.state.fila());
        }
        // Not there yet, or not at all: the log decides.
        let events = lecturas.stream::<SagaDeIngesta>(&id).await?;
        Ok(lecturas.fold::<SagaDeIngesta, SagaVista>(&events)?.fila())
    }
}
