//! `TraductorSaga`: what a saga asks of neighbours, and where.
//!
//! Promises: an order has the same name however often it is sent, so that a neighbour knows it
//! again; what a saga asks of the ingesta or of a clock is no message.
//! Does not: tell anybody what a saga remembers.

use std::sync::Arc;

use async_trait::async_trait;
use ingesta_domain::ingesta::Ingesta;
use ingesta_domain::saga::{Accion, Envio, Peticion, peticiones};
use ingesta_domain::valor::{IdIngesta, Modalidad};
use ingesta_event_store::{EventCodec, EventStorage, RecordedEvent, StreamId, TypeFilter};
use ingesta_kafka::message::OutgoingMessage;
use ingesta_kafka::relay::{Translate, TranslateError};

use super::Rutas;
use super::creacion::creacion;
use super::envelope::{Outlet, Told};
use super::leido::{self, leer};
use super::ordenes::{IniciarAnonimizadoDatos, OrdenDatos, esquema};
use crate::mensajes::Trato;
use crate::saga::SagaDeIngesta;

/// Orders of sagas to messages.
pub struct TraductorSaga {
    outlets: Vec<Outlet>,
    codec: EventCodec,
    storage: Arc<dyn EventStorage>,
}

impl TraductorSaga {
    /// To the topics of this table; `codec` is the one that the events were written with, and
    /// `storage` where the ingestas are.
    #[must_use]
    pub fn new(rutas: &Rutas, codec: EventCodec, storage: Arc<dyn EventStorage>) -> Self {
        Self {
            outlets: Outlet::of(rutas, |ruta| ruta.schema.trato() == Trato::Orden),
            codec,
            storage,
        }
    }

    async fn orden(
        &self,
        told: &Told<'_>,
        envio: Envio,
        modalidad: Option<&Modalidad>,
    ) -> Result<Vec<OutgoingMessage>, TranslateError> {
        let wanted = esquema(envio.orden);
        let name = format!("{}/{}", told.event.stream, envio.nombre());
        let mut messages = Vec::with_capacity(1);
        for outlet in self.outlets.iter().filter(|way| way.ruta.schema == wanted) {
            let name = name.clone();
            let message = match OrdenDatos::new(envio.orden, told.ingesta, modalidad) {
                Some(datos) => outlet.order(told, name, &datos).await?,
                None => {
                    let stream = StreamId::of::<Ingesta>(told.ingesta.to_string());
                    let creada = creacion(&*self.storage, &self.codec, &stream).await?;
                    let datos = IniciarAnonimizadoDatos::new(told.ingesta, &creada);
                    outlet.order(told, name, &datos).await?
                }
            };
            messages.push(message);
        }
        Ok(messages)
    }
}

#[async_trait]
impl Translate for TraductorSaga {
    fn types(&self) -> TypeFilter {
        TypeFilter::of::<SagaDeIngesta>()
    }

    async fn messages(
        &self,
        event: &RecordedEvent,
    ) -> Result<Vec<OutgoingMessage>, TranslateError> {
        let ingesta: IdIngesta = leido::id(event)?;
        let parts = leer::<SagaDeIngesta>(&self.codec, event)?;
        let mut messages = Vec::new();
        for (part, payload) in parts.iter().enumerate() {
            for peticion in peticiones(payload) {
                let Peticion::Hacer(Accion::Orden { envio, modalidad }) = peticion else {
                    continue;
                };
                let told = Told {
                    event,
                    part,
                    ingesta,
                    name: envio.orden.as_str(),
                    time: payload.fecha(),
                };
                messages.extend(self.orden(&told, envio, modalidad.as_ref()).await?);
            }
        }
        Ok(messages)
    }
}
