//! What the anonymiser tells of its log on `eventos-anonimizado`.
//!
//! Promises: every answer is told, and a delivery that was left without one is not; no pseudonym, no
//! patient and no address leaves.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ingesta_event_store::{EventCodec, RecordedEvent, TypeFilter};
use ingesta_kafka::message::OutgoingMessage;
use ingesta_kafka::relay::{Translate, TranslateError, Untranslatable};
use serde::Serialize;
use uuid::Uuid;

use super::{Anonimizado, AnonimizadoEvent, NOMBRE};
use crate::fallos::{Fallos, Modo, Paso};
use crate::mensajes::{Respuesta, Salida, Topico, Topicos, instante};

/// The data of `eventos-anonimizado`.
#[derive(Serialize)]
struct EventoAnonimizado {
    id_ingesta: String,
    id_anonimizado: String,
    estado: &'static str,
    codigo: Option<String>,
    habia: Option<bool>,
    fecha: String,
}

pub(super) struct Relato {
    codec: EventCodec,
    salida: Salida,
    fallos: Fallos,
}

impl Relato {
    pub(super) fn new(
        codec: EventCodec,
        topicos: &Topicos,
        fallos: &Fallos,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            codec,
            salida: Salida::new(topicos, Topico::EventosAnonimizado, NOMBRE)?,
            fallos: fallos.clone(),
        })
    }
}

/// What is told of an event, and of which step; nothing where it is no answer.
fn told(id: &str, event: AnonimizadoEvent) -> Option<(Paso, Respuesta<EventoAnonimizado>)> {
    let answer = |paso, tipo, id_ingesta: Uuid, estado, codigo, habia, fecha: DateTime<Utc>| {
        let datos = EventoAnonimizado {
            id_ingesta: id_ingesta.to_string(),
            id_anonimizado: id.to_owned(),
            estado,
            codigo,
            habia,
            fecha: instante(fecha),
        };
        let respuesta = Respuesta {
            tipo,
            id_ingesta,
            fecha,
            datos,
        };
        Some((paso, respuesta))
    };
    match event {
        AnonimizadoEvent::AnonimizadoCreado {
            id_ingesta, fecha, ..
        } => {
            let (paso, tipo) = (Paso::Anonimizar, "AnonimizadoCreado");
            answer(paso, tipo, id_ingesta, "Creado", None, None, fecha)
        }
        AnonimizadoEvent::AnonimizadoFallido {
            id_ingesta,
            codigo,
            fecha,
        } => {
            let (paso, tipo) = (Paso::Anonimizar, "AnonimizadoFallido");
            answer(paso, tipo, id_ingesta, "Fallido", Some(codigo), None, fecha)
        }
        AnonimizadoEvent::AnonimizadoRevertido {
            id_ingesta,
            habia,
            fecha,
        } => {
            let (paso, tipo) = (Paso::Revertir, "AnonimizadoRevertido");
            answer(
                paso,
                tipo,
                id_ingesta,
                "Revertido",
                None,
                Some(habia),
                fecha,
            )
        }
        AnonimizadoEvent::LimpiezaHecha { id_ingesta, fecha } => {
            let (paso, tipo) = (Paso::Limpiar, "LimpiezaHecha");
            answer(paso, tipo, id_ingesta, "Limpio", None, None, fecha)
        }
        AnonimizadoEvent::LimpiezaRechazada {
            id_ingesta,
            codigo,
            fecha,
        } => {
            let (paso, tipo) = (Paso::Limpiar, "LimpiezaRechazada");
            answer(
                paso,
                tipo,
                id_ingesta,
                "SinLimpiar",
                Some(codigo),
                None,
                fecha,
            )
        }
        AnonimizadoEvent::OrdenCallada {} => None,
    }
}

#[async_trait]
impl Translate for Relato {
    fn types(&self) -> TypeFilter {
        TypeFilter::Only(vec!["Anonimizado".into()])
    }

    async fn messages(
        &self,
        event: &RecordedEvent,
    ) -> Result<Vec<OutgoingMessage>, TranslateError> {
        let mut events = Vec::with_capacity(1);
        let read = self
            .codec
            .decode_each::<Anonimizado>(event, |envelope| events.push(envelope.payload));
        read.map_err(|error| Untranslatable::new("undecodable", error.to_string()))?;
        let mut messages = Vec::new();
        let id = &event.stream.aggregate_id;
        for (paso, respuesta) in events.into_iter().filter_map(|event| told(id, event)) {
            let message = self.salida.mensaje(event, &respuesta)?;
            if self.fallos.toca(paso, Modo::Repetir, &event.id(), 0) {
                messages.push(message.clone());
            }
            messages.push(message);
        }
        Ok(messages)
    }
}
