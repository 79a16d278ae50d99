//! What a neighbour tells of its log on its topic of answers.
//!
//! Promises: every answer is told, and a delivery that was left without one is not; told twice where
//! that is to go wrong on purpose. What an event says is the neighbour's own.

use async_trait::async_trait;
use cqrs_es::Aggregate;
use ingesta_event_store::{EventCodec, RecordedEvent, TypeFilter};
use ingesta_kafka::message::OutgoingMessage;
use ingesta_kafka::relay::{Translate, TranslateError, Untranslatable};
use serde::Serialize;

use crate::fallos::{Fallos, Modo, Paso};
use crate::mensajes::{Respuesta, Salida};

/// What is told of an event of this aggregate, and of which step; nothing where it is no answer.
pub type Told<A, D> = fn(&str, <A as Aggregate>::Event) -> Option<(Paso, Respuesta<D>)>;

/// Tells the events of one kind of aggregate as answers with the data `D`.
pub struct Relato<A: Aggregate, D> {
    codec: EventCodec,
    salida: Salida,
    fallos: Fallos,
    told: Told<A, D>,
}

impl<A: Aggregate, D> Relato<A, D> {
    /// On this way out.
    pub fn new(codec: EventCodec, salida: Salida, fallos: &Fallos, told: Told<A, D>) -> Self {
        Self {
            codec,
            salida,
            fallos: fallos.clone(),
            told,
        }
    }
}

#[async_trait]
impl<A, D> Translate for Relato<A, D>
where
    A: Aggregate + 'static,
    D: Serialize + Send + Sync + 'static,
{
    fn types(&self) -> TypeFilter {
        TypeFilter::of::<A>()
    }

    async fn messages(
        &self,
        event: &RecordedEvent,
    ) -> Result<Vec<OutgoingMessage>, TranslateError> {
        let mut events = Vec::with_capacity(1);
        let read = self
            .codec
            .decode_each::<A>(event, |envelope| events.push(envelope.payload));
        read.map_err(|error| Untranslatable::new("undecodable", error.to_string()))?;
        let mut messages = Vec::new();
        let id = &event.stream.aggregate_id;
        for (paso, respuesta) in events
            .into_iter()
            .filter_map(|event| (self.told)(id, event))
        {
            let message = self.salida.mensaje(event, &respuesta)?;
            if self.fallos.toca(paso, Modo::Repetir, &event.id(), 0) {
                messages.push(message.clone());
            }
            messages.push(message);
        }
        Ok(messages)
    }
}
