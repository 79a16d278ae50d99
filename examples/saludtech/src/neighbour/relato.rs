//! What a neighbour tells of its log on its topic of answers.
//!
//! Promises: every answer is told, and once more for each time that its order came again, equal to its
//! first; a delivery that was left without one is not told. Told twice, or not at all the first time,
//! where that is to go wrong on purpose. What an event says is the neighbour's own.

use std::sync::Arc;

use async_trait::async_trait;
use ingesta_event_store::{EventCodec, EventStorage, RecordedEvent, TypeFilter};
use ingesta_kafka::message::OutgoingMessage;
use ingesta_kafka::relay::{Away, Translate, TranslateError, Untranslatable};
use serde::Serialize;

use super::Ejecutor;
use crate::fallos::{Fallos, Modo, Paso};
use crate::mensajes::{Respuesta, Salida};

/// What is told of an event of this aggregate, and of which step; nothing where it is no answer.
pub type Told<A, D> = fn(&str, <A as cqrs_es::Aggregate>::Event) -> Option<(Paso, Respuesta<D>)>;

/// Tells the events of one kind of aggregate as answers with the data `D`.
pub struct Relato<A: Ejecutor, D> {
    codec: EventCodec,
    log: Arc<dyn EventStorage>,
    salida: Salida,
    fallos: Fallos,
    told: Told<A, D>,
}

impl<A: Ejecutor, D: Serialize> Relato<A, D> {
    /// On this way out. `log`: where an answer is found that is told again.
    pub fn new(
        codec: EventCodec,
        log: Arc<dyn EventStorage>,
        salida: Salida,
        fallos: &Fallos,
        told: Told<A, D>,
    ) -> Self {
        Self {
            codec,
            log,
            salida,
            fallos: fallos.clone(),
            told,
        }
    }

    /// What the event is today.
    fn read(&self, event: &RecordedEvent) -> Result<Vec<A::Event>, Untranslatable> {
        let mut events = Vec::with_capacity(1);
        let read = self
            .codec
            .decode_each::<A>(event, |envelope| events.push(envelope.payload));
        read.map_err(|error| Untranslatable::new("undecodable", error.to_string()))?;
        Ok(events)
    }

    /// The answers that an event is, each with its step.
    fn answers(
        &self,
        event: &RecordedEvent,
        payload: A::Event,
    ) -> Result<Option<(Paso, OutgoingMessage)>, Untranslatable> {
        let Some((paso, respuesta)) = (self.told)(&event.stream.aggregate_id, payload) else {
            return Ok(None);
        };
        Ok(Some((paso, self.salida.mensaje(event, &respuesta)?)))
    }

    /// The answer that is told once more, as it was told first.
    async fn again(
        &self,
        event: &RecordedEvent,
        secuencia: u64,
    ) -> Result<Vec<OutgoingMessage>, TranslateError> {
        let before = secuencia.saturating_sub(1);
        let loaded = self.log.load(&event.stream, before).await;
        let loaded = loaded.map_err(|error| Away::new("the answer in the log", error))?;
        let gone = || Untranslatable::new("no_answer", "the log has no answer at that place");
        let first = loaded.first().ok_or_else(gone)?;
        let mut messages = Vec::with_capacity(1);
        for payload in self.read(first)? {
            messages.extend(self.answers(first, payload)?.map(|(_, message)| message));
        }
        Ok(messages)
    }
}

#[async_trait]
impl<A, D> Translate for Relato<A, D>
where
    A: Ejecutor,
    A::Event: Send,
    D: Serialize + Send + Sync + 'static,
{
    fn types(&self) -> TypeFilter {
        TypeFilter::of::<A>()
    }

    async fn messages(
        &self,
        event: &RecordedEvent,
    ) -> Result<Vec<OutgoingMessage>, TranslateError> {
        let (mut messages, id) = (Vec::new(), event.id());
        for payload in self.read(event)? {
            if let Some(secuencia) = A::repetida(&payload) {
                messages.extend(self.again(event, secuencia).await?);
                continue;
            }
            let Some((paso, message)) = self.answers(event, payload)? else {
                continue;
            };
            if self.fallos.toca(paso, Modo::Perder, &id, 0) {
                continue;
            }
            if self.fallos.toca(paso, Modo::Repetir, &id, 0) {
                messages.push(message.clone());
            }
            messages.push(message);
        }
        Ok(messages)
    }
}
