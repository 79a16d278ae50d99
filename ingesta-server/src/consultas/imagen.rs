//! `ObtenerImagen`: the image of an ingesta, which is made a moment after the ingesta.

use ingesta_domain::consulta::ObtenerImagen;
use ingesta_domain::imagen::Imagen;
use ingesta_domain::ingesta::Ingesta;
use ingesta_domain::valor::IdImagen;
use ingesta_event_store::{Position, StreamId};

use super::{ConsultaError, Lecturas, Manejada};
use crate::registry::{IMAGENES, VISTA_IMAGENES};
use crate::vistas::{FilaImagen, ImagenVista};

impl Manejada for ObtenerImagen {
    /// `None`: the log knows no such ingesta.
    type Respuesta = Option<FilaImagen>;

    async fn manejar(
        self,
        lecturas: &Lecturas,
        desde: Option<Position>,
    ) -> Result<Self::Respuesta, ConsultaError> {
        let id = IdImagen::de_ingesta(self.id_ingesta).to_string();
        let stream = StreamId::of::<Imagen>(&id);
        if lecturas.sirve(VISTA_IMAGENES, &stream, desde).await?
            && let Some(row) = lecturas.imagenes.view().get(&id).await?
        {
            return Ok(row.state.fila());
        }
        let ingesta = lecturas
            .stream::<Ingesta>(&self.id_ingesta.to_string())
            .await?;
        let Some(creation) = ingesta.first() else {
            return Ok(None);
        };
        // There is an ingesta, so there will be an image.
        let events = lecturas.imagen(&id, creation.position).await?;
        let fila = lecturas.fold::<Imagen, ImagenVista>(&events)?.fila();
        match fila {
            Some(fila) => Ok(Some(fila)),
            // Behind, or parked at this ingesta; both pass, by themselves or by an operator.
            None => {
                tracing::debug!("an image was asked for before it was made");
                Err(ConsultaError::Atrasada { what: IMAGENES })
            }
        }
    }
}
