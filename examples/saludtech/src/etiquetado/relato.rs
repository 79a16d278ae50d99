//! What the labeller tells of its log on `eventos-etiquetado`.
//!
//! Promises: every answer is told, an order that came again is answered again, and a delivery that was left without
//! an answer is not; words are those
//! of the table.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use ingesta_event_store::{EventCodec, EventStorage};
use serde::Serialize;
use uuid::Uuid;

use super::{Etiquetado, EtiquetadoEvent, Etiquetas, NOMBRE};
use crate::fallos::{Fallos, Paso};
use crate::mensajes::{Respuesta, Salida, Topico, Topicos, instante};
use crate::neighbour::Relato;

/// The data of `eventos-etiquetado`.
#[derive(Serialize)]
pub(super) struct EventoEtiquetado {
    id_etiquetado: String,
    id_anonimizado: String,
    modalidad: Option<String>,
    region_anatomica: Option<String>,
    patologia: Option<String>,
    fecha_creacion: String,
    estado: &'static str,
    id_ingesta: String,
    etiquetas: Option<Vec<String>>,
    codigo: Option<String>,
    habia: Option<bool>,
}

impl EventoEtiquetado {
    fn bare(id: &str, id_ingesta: Uuid, id_anonimizado: Uuid, fecha: DateTime<Utc>) -> Self {
        Self {
            id_etiquetado: id.to_owned(),
            id_anonimizado: id_anonimizado.to_string(),
            modalidad: None,
            region_anatomica: None,
            patologia: None,
            fecha_creacion: instante(fecha),
            estado: "",
            id_ingesta: id_ingesta.to_string(),
            etiquetas: None,
            codigo: None,
            habia: None,
        }
    }

    fn with_labels(self, labels: Etiquetas) -> Self {
        Self {
            modalidad: Some(labels.modalidad),
            region_anatomica: labels.region_anatomica,
            patologia: labels.patologia,
            etiquetas: Some(labels.etiquetas),
            ..self
        }
    }
}

/// On the topic of answers.
pub(super) fn relato(
    codec: EventCodec,
    log: Arc<dyn EventStorage>,
    topicos: &Topicos,
    fallos: &Fallos,
) -> anyhow::Result<Relato<Etiquetado, EventoEtiquetado>> {
    let salida = Salida::new(topicos, Topico::EventosEtiquetado, NOMBRE)?;
    Ok(Relato::new(codec, log, salida, fallos, told))
}

/// What is told of an event, and of which step; nothing where it is no answer.
fn told(id: &str, event: EtiquetadoEvent) -> Option<(Paso, Respuesta<EventoEtiquetado>)> {
    let (paso, tipo, id_ingesta, fecha, datos) = match event {
        EtiquetadoEvent::EtiquetadoCreado {
            id_ingesta,
            id_anonimizado,
            etiquetas,
            fecha,
        } => {
            let bare = EventoEtiquetado::bare(id, id_ingesta, id_anonimizado, fecha);
            let datos = EventoEtiquetado {
                estado: "Creado",
                ..bare.with_labels(etiquetas)
            };
            (
                Paso::Etiquetar,
                "EtiquetadoCreado",
                id_ingesta,
                fecha,
                datos,
            )
        }
        EtiquetadoEvent::EtiquetadoRechazado {
            id_ingesta,
            id_anonimizado,
            codigo,
            fecha,
        } => {
            let datos = EventoEtiquetado {
                estado: "Rechazado",
                codigo: Some(codigo),
                ..EventoEtiquetado::bare(id, id_ingesta, id_anonimizado, fecha)
            };
            (
                Paso::Etiquetar,
                "EtiquetadoRechazado",
                id_ingesta,
                fecha,
                datos,
            )
        }
        EtiquetadoEvent::EtiquetadoRevertido {
            id_ingesta,
            id_anonimizado,
            habia,
            fecha,
        } => {
            let datos = EventoEtiquetado {
                estado: "Revertido",
                habia: Some(habia),
                ..EventoEtiquetado::bare(id, id_ingesta, id_anonimizado, fecha)
            };
            (
                Paso::Revertir,
                "EtiquetadoRevertido",
                id_ingesta,
                fecha,
                datos,
            )
        }
        EtiquetadoEvent::OrdenCallada {} | EtiquetadoEvent::OrdenRepetida { .. } => return None,
    };
    let respuesta = Respuesta {
        tipo,
        id_ingesta,
        fecha,
        datos,
    };
    Some((paso, respuesta))
}
