//! `ObtenerIngestaPasada`, `ObtenerImagenPasada`: what a read would have answered then.
//!
//! Promises: the same fold as the view, over the events that the moment holds; an answer is final,
//! so that a position to reflect says nothing here. What is not there yet is told apart from what
//! is unknown.

use cqrs_es::{Aggregate, View};
use ingesta_domain::consulta::{Momento, ObtenerImagenPasada, ObtenerIngestaPasada};
use ingesta_domain::imagen::Imagen;
use ingesta_domain::ingesta::Ingesta;
use ingesta_domain::valor::IdImagen;
use ingesta_event_store::{AsOfError, Moment, Position, StreamId, stream_as_of};

use super::{ConsultaError, Lecturas, Manejada};
use crate::vistas::{FilaImagen, FilaIngesta, ImagenVista, IngestaVista};

impl Manejada for ObtenerIngestaPasada {
    /// `None`: the log knows no such ingesta.
    type Respuesta = Option<FilaIngesta>;

    async fn manejar(
        self,
        lecturas: &Lecturas,
        _: Option<Position>,
    ) -> Result<Self::Respuesta, ConsultaError> {
        let id = self.id.to_string();
        let vista = lecturas.vista_pasada::<Ingesta, IngestaVista>(&id, self.momento);
        match vista.await {
            Ok(Some(vista)) => vista.fila().map(Some).ok_or(ConsultaError::AunNoExistia),
            Ok(None) => Ok(None),
            Err(ConsultaError::Pasado(AsOfError::VersionNotReached { current: 0, .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Manejada for ObtenerImagenPasada {
    /// `None`: the log knows no such ingesta.
    type Respuesta = Option<FilaImagen>;

    async fn manejar(
        self,
        lecturas: &Lecturas,
        _: Option<Position>,
    ) -> Result<Self::Respuesta, ConsultaError> {
        let id = IdImagen::de_ingesta(self.id_ingesta).to_string();
        let vista = lecturas.vista_pasada::<Imagen, ImagenVista>(&id, self.momento);
        let refusal = match vista.await {
            Ok(Some(vista)) => {
                return vista.fila().map(Some).ok_or(ConsultaError::AunNoExistia);
            }
            // Its reaction comes a moment after the ingesta: then there was no image.
            Ok(None) => ConsultaError::AunNoExistia,
            Err(error) => error,
        };
        let nobody = matches!(
            refusal,
            ConsultaError::AunNoExistia
                | ConsultaError::Pasado(AsOfError::VersionNotReached { current: 0, .. })
        );
        let id_ingesta = self.id_ingesta.to_string();
        if nobody && lecturas.stream::<Ingesta>(&id_ingesta).await?.is_empty() {
            return Ok(None);
        }
        Err(refusal)
    }
}

impl Lecturas {
    /// The view of one aggregate as of a moment, empty before its first event. `None`: there is no
    /// such aggregate.
    async fn vista_pasada<A: Aggregate, V: View<A>>(
        &self,
        id: &str,
        momento: Momento,
    ) -> Result<Option<V>, ConsultaError> {
        let moment = match momento {
            Momento::Version(version) => Moment::Version(version),
            Momento::Instante(instant) => Moment::Instant(instant),
        };
        let stream = StreamId::of::<A>(id);
        let then = stream_as_of(&*self.storage, &stream, moment, self.wait).await?;
        if then.version_now == 0 {
            return Ok(None);
        }
        self.fold::<A, V>(&then.events).map(Some)
    }
}
