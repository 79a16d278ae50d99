//! `ObtenerIngesta`: one ingesta by its id.

use ingesta_domain::consulta::ObtenerIngesta;
use ingesta_domain::ingesta::Ingesta;
use ingesta_event_store::{Position, StreamId};

use super::{ConsultaError, Lecturas, Manejada};
use crate::registry::VISTA_INGESTAS;
use crate::vistas::{FilaIngesta, IngestaVista};

impl Manejada for ObtenerIngesta {
    /// `None`: the log knows no such ingesta.
    type Respuesta = Option<FilaIngesta>;

    async fn manejar(
        self,
        lecturas: &Lecturas,
        desde: Option<Position>,
    ) -> Result<Self::Respuesta, ConsultaError> {
        let id = self.id.to_string();
        let stream = StreamId::of::<Ingesta>(&id);
        if lecturas.sirve(VISTA_INGESTAS, &stream, desde).await?
            && let Some(row) = lecturas.ingestas.view().get(&id).await?
        {
            return Ok(row.state.fila());
        }
        // Not there yet, or not at all: the log decides.
        let events = lecturas.stream::<Ingesta>(&id).await?;
        Ok(lecturas.fold::<Ingesta, IngestaVista>(&events)?.fila())
    }
}
