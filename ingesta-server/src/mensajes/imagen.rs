//! `TraductorImagen`: what is told of an image.
//!
//! Promises: every event is told with the image's own id and the state that it is in after it.
//! Does not: tell where an image is, or why it was refused; that is told of its ingesta.

use async_trait::async_trait;
use ingesta_domain::imagen::{Imagen, ImagenEvent};
use ingesta_domain::valor::{EstadoImagen, IdImagen};
use ingesta_event_store::{EventCodec, RecordedEvent, TypeFilter};
use ingesta_kafka::message::OutgoingMessage;
use ingesta_kafka::relay::{Translate, TranslateError};

use super::datos::ImagenProcesadaDatos;
use super::envelope::{Outlet, Told};
use super::leido::{self, leer};
use super::{Esquema, Rutas};

/// Events of images to messages.
pub struct TraductorImagen {
    outlets: Vec<Outlet>,
    codec: EventCodec,
}

/// What the event is called in messages, and the state that it leaves the image in.
const fn told(event: &ImagenEvent) -> (&'static str, EstadoImagen) {
    match event {
        ImagenEvent::ImagenVerificada(_) => ("ImagenVerificada", EstadoImagen::Verificada),
        ImagenEvent::ImagenRechazada(_) => ("ImagenRechazada", EstadoImagen::Rechazada),
        ImagenEvent::ImagenRevertida(_) => ("ImagenRevertida", EstadoImagen::Revertida),
    }
}

impl TraductorImagen {
    /// To the topics of this table; `codec` is the one that the events were written with.
    #[must_use]
    pub fn new(rutas: &Rutas, codec: EventCodec) -> Self {
        Self {
            outlets: Outlet::of(rutas, |ruta| ruta.schema == Esquema::EventosImagen),
            codec,
        }
    }
}

#[async_trait]
impl Translate for TraductorImagen {
    fn types(&self) -> TypeFilter {
        TypeFilter::of::<Imagen>()
    }

    async fn messages(
        &self,
        event: &RecordedEvent,
    ) -> Result<Vec<OutgoingMessage>, TranslateError> {
        let id: IdImagen = leido::id(event)?;
        let parts = leer::<Imagen>(&self.codec, event)?;
        let mut messages = Vec::with_capacity(1);
        for (part, payload) in parts.iter().enumerate() {
            let (name, estado) = told(payload);
            let told = Told {
                event,
                part,
                ingesta: payload.id_ingesta(),
                name,
                time: payload.fecha(),
            };
            let datos = ImagenProcesadaDatos::new(id, told.ingesta, estado);
            for outlet in &self.outlets {
                messages.push(outlet.message(&told, &datos).await?);
            }
        }
        Ok(messages)
    }
}
