//! What the anonymiser tells of its log on `eventos-anonimizado`.
//!
//! Promises: every answer is told, an order that came again is answered again, and a delivery that was left without
//! an answer is not; no pseudonym, no
//! patient and no address leaves.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use ingesta_event_store::{EventCodec, EventStorage};
use serde::Serialize;
use uuid::Uuid;

use super::{Anonimizado, AnonimizadoEvent, NOMBRE};
use crate::fallos::{Fallos, Paso};
use crate::mensajes::{Respuesta, Salida, Topico, Topicos, instante};
use crate::neighbour::Relato;

/// The data of `eventos-anonimizado`.
#[derive(Serialize)]
pub(super) struct EventoAnonimizado {
    id_ingesta: String,
    id_anonimizado: String,
    estado: &'static str,
    codigo: Option<String>,
    habia: Option<bool>,
    fecha: String,
}

/// On the topic of answers.
pub(super) fn relato(
    codec: EventCodec,
    log: Arc<dyn EventStorage>,
    topicos: &Topicos,
    fallos: &Fallos,
) -> anyhow::Result<Relato<Anonimizado, EventoAnonimizado>> {
    let salida = Salida::new(topicos, Topico::EventosAnonimizado, NOMBRE)?;
    Ok(Relato::new(codec, log, salida, fallos, told))
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
        AnonimizadoEvent::OrdenCallada {} | AnonimizadoEvent::OrdenRepetida { .. } => None,
    }
}
