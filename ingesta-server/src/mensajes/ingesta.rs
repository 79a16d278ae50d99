//! `TraductorIngesta`: what is told of an ingesta, and where.
//!
//! Promises: every event has an arm that names the schemas in which it is told.
//! Does not: tell of images.

use std::sync::Arc;

use async_trait::async_trait;
use ingesta_domain::ingesta::{Ingesta, IngestaCreada, IngestaEvent};
use ingesta_domain::valor::IdIngesta;
use ingesta_event_store::{EventCodec, EventStorage, RecordedEvent, TypeFilter};
use ingesta_kafka::message::OutgoingMessage;
use ingesta_kafka::relay::{Translate, TranslateError};
use serde::Serialize;
use tokio::sync::OnceCell;

use super::creacion::creacion;
use super::datos::{
    EventoIngesta, IngestaAlertadaDatos, IngestaCreadaDatos, IngestaEliminadaDatos,
    IngestaRevertidaDatos,
};
use super::envelope::{Outlet, Told};
use super::leido::{self, leer};
use super::{Esquema, Rutas};

/// Events of ingestas to messages.
pub struct TraductorIngesta {
    outlets: Vec<Outlet>,
    codec: EventCodec,
    storage: Arc<dyn EventStorage>,
}

/// The data of one message.
#[derive(Serialize)]
#[serde(untagged)]
enum Datos {
    Evento(EventoIngesta),
    Creada(IngestaCreadaDatos),
    Revertida(IngestaRevertidaDatos),
    Eliminada(IngestaEliminadaDatos),
    Alertada(IngestaAlertadaDatos),
}

/// Where it is told that an ingesta was reverted, which has then failed too.
const DE_REVERTIDA: &[Esquema] = &[
    Esquema::EventosIngesta,
    Esquema::EventoFalloIngesta,
    Esquema::EventoIngestaRevertida,
];

/// Messages of one event at most: of no other one more is told.
pub(super) const MENSAJES_MAXIMOS: usize = DE_REVERTIDA.len();

/// What the event is called in messages, and the schemas in which it is told.
const fn told(event: &IngestaEvent) -> (&'static str, &'static [Esquema]) {
    use Esquema::{
        EventoAlertaIngesta, EventoIngestaCreada, EventoIngestaEliminada, EventosIngesta,
    };
    match event {
        IngestaEvent::IngestaCreada(_) => ("IngestaCreada", &[EventosIngesta, EventoIngestaCreada]),
        // The next three are not published on a topic of their own.
        IngestaEvent::ProcesoIniciado(_) => ("ProcesoIniciado", &[EventosIngesta]),
        IngestaEvent::IngestaRechazada(_) => ("IngestaRechazada", &[EventosIngesta]),
        IngestaEvent::IngestaFinalizada(_) => ("IngestaFinalizada", &[EventosIngesta]),
        IngestaEvent::IngestaRevertida(_) => ("IngestaRevertida", DE_REVERTIDA),
        IngestaEvent::IngestaEliminada(_) => (
            "IngestaEliminada",
            &[EventosIngesta, EventoIngestaEliminada],
        ),
        IngestaEvent::IngestaAlertada(_) => {
            ("IngestaAlertada", &[EventosIngesta, EventoAlertaIngesta])
        }
    }
}

impl TraductorIngesta {
    /// To the topics of this table; `codec` is the one that the events were written with, and
    /// `storage` where a stream's first event is found.
    #[must_use]
    pub fn new(rutas: &Rutas, codec: EventCodec, storage: Arc<dyn EventStorage>) -> Self {
        Self {
            outlets: Outlet::of(rutas, |ruta| ruta.schema.es_de_ingestas()),
            codec,
            storage,
        }
    }

    /// The data of this event on a topic where it is told; `None` where it is not.
    async fn datos(
        &self,
        outlet: &Outlet,
        told: &Told<'_>,
        event: &IngestaEvent,
        creada: &OnceCell<IngestaCreada>,
    ) -> Result<Option<Datos>, TranslateError> {
        let (id, trusted) = (told.ingesta, outlet.ruta.trusted);
        if outlet.ruta.schema == Esquema::EventosIngesta {
            return Ok(Some(Datos::Evento(EventoIngesta::new(id, event, trusted))));
        }
        Ok(Some(match event {
            IngestaEvent::IngestaCreada(e) => {
                Datos::Creada(IngestaCreadaDatos::new(id, e, trusted))
            }
            IngestaEvent::IngestaRevertida(e) => {
                let stream = &told.event.stream;
                let found =
                    creada.get_or_try_init(|| creacion(&*self.storage, &self.codec, stream));
                let creada = found.await?;
                let end = e.fecha_eliminacion;
                Datos::Revertida(IngestaRevertidaDatos::new(id, creada, end, trusted))
            }
            IngestaEvent::IngestaEliminada(e) => {
                Datos::Eliminada(IngestaEliminadaDatos::new(id, e.fecha_eliminacion))
            }
            IngestaEvent::IngestaAlertada(_) => Datos::Alertada(IngestaAlertadaDatos::new(id)),
            IngestaEvent::ProcesoIniciado(_)
            | IngestaEvent::IngestaRechazada(_)
            | IngestaEvent::IngestaFinalizada(_) => return Ok(None),
        }))
    }
}

#[async_trait]
impl Translate for TraductorIngesta {
    fn types(&self) -> TypeFilter {
        TypeFilter::of::<Ingesta>()
    }

    async fn messages(
        &self,
        event: &RecordedEvent,
    ) -> Result<Vec<OutgoingMessage>, TranslateError> {
        let ingesta: IdIngesta = leido::id(event)?;
        let (mut messages, creada) = (Vec::with_capacity(1), OnceCell::new());
        for (part, payload) in leer::<Ingesta>(&self.codec, event)?.iter().enumerate() {
            let (name, schemas) = told(payload);
            let told = Told {
                event,
                part,
                ingesta,
                name,
                time: payload.fecha(),
            };
            for outlet in &self.outlets {
                if !schemas.contains(&outlet.ruta.schema) {
                    continue;
                }
                if let Some(datos) = self.datos(outlet, &told, payload, &creada).await? {
                    messages.push(outlet.message(&told, &datos).await?);
                }
            }
        }
        Ok(messages)
    }
}
