//! What neighbours answer to a saga.
//!
//! Promises: an answer counts once, however often it comes; one that a saga does not wait for
//! changes nothing; one that nobody can understand is put aside with a code. Labels and states in
//! the neighbours' own words are theirs and are not kept.

use async_trait::async_trait;
use ingesta_domain::saga::{Entrada, Envio, Paso, Respuesta};
use ingesta_domain::valor::{Codigo, IdAnonimizado, IdIngesta};
use ingesta_event_store::{CommandError, Metadata};
use ingesta_kafka::envelope::EnvelopeReader;
use ingesta_kafka::inbox::{EndTexts, HandleError, Handler, command_id};
use ingesta_kafka::message::IncomingMessage;
use serde::Deserialize;

use super::contexto::{contexto, header};
use super::juicio::{ilegible, valor};
use crate::comandos::nombre;
use crate::mensajes::CAUSATION;
use crate::saga::Sagas;

/// Handles the messages of one topic of answers.
pub(super) struct Respuestas {
    sagas: Sagas,
    reader: EnvelopeReader,
    tipos: fn(&str) -> Option<(Paso, Tipo)>,
}

/// What kind of answer it is.
#[derive(Clone, Copy)]
pub(super) enum Tipo {
    Hecho,
    Rechazado,
    Revertido,
}

/// What is read of the data of an answer; each topic has more of its own.
#[derive(Deserialize)]
struct Datos {
    id_ingesta: Option<String>,
    id_anonimizado: Option<String>,
    codigo: Option<String>,
    habia: Option<bool>,
}

/// The answers on `eventos-anonimizado`.
pub(super) fn del_anonimizador(tipo: &str) -> Option<(Paso, Tipo)> {
    Some(match tipo {
        "AnonimizadoCreado" => (Paso::Anonimizado, Tipo::Hecho),
        "AnonimizadoFallido" => (Paso::Anonimizado, Tipo::Rechazado),
        "AnonimizadoRevertido" => (Paso::Anonimizado, Tipo::Revertido),
        "LimpiezaHecha" => (Paso::Limpieza, Tipo::Hecho),
        "LimpiezaRechazada" => (Paso::Limpieza, Tipo::Rechazado),
        _ => return None,
    })
}

/// The answers on `eventos-etiquetado`.
pub(super) fn del_etiquetador(tipo: &str) -> Option<(Paso, Tipo)> {
    Some(match tipo {
        "EtiquetadoCreado" => (Paso::Etiquetado, Tipo::Hecho),
        "EtiquetadoRechazado" => (Paso::Etiquetado, Tipo::Rechazado),
        "EtiquetadoRevertido" => (Paso::Etiquetado, Tipo::Revertido),
        _ => return None,
    })
}

impl Respuestas {
    pub(super) fn new(
        sagas: Sagas,
        reader: EnvelopeReader,
        tipos: fn(&str) -> Option<(Paso, Tipo)>,
    ) -> Self {
        Self {
            sagas,
            reader,
            tipos,
        }
    }
}

/// Which ingesta it is about. The anonymised image is named beforehand, so another one is not this
/// saga's.
fn ingesta(datos: &Datos) -> Result<IdIngesta, HandleError> {
    let said = datos.id_ingesta.as_deref().unwrap_or_default();
    let id: IdIngesta = said.parse().map_err(|error| valor(&error))?;
    match &datos.id_anonimizado {
        Some(text) if *text != IdAnonimizado::de_ingesta(id).to_string() => {
            let why = "id_anonimizado is not the one that follows from id_ingesta";
            Err(HandleError::poison("otro_anonimizado", why))
        }
        Some(_) | None => Ok(id),
    }
}

fn entrada((paso, tipo): (Paso, Tipo), datos: Datos, message: &IncomingMessage) -> Entrada {
    let respuesta = match tipo {
        Tipo::Hecho => Respuesta::Hecho,
        Tipo::Rechazado => Respuesta::Rechazado {
            codigo: datos.codigo.as_deref().and_then(Codigo::recibido),
        },
        Tipo::Revertido => Respuesta::Revertido {
            // Nothing said: then it is taken that there was, and that it is gone now.
            habia: datos.habia.unwrap_or(true),
        },
    };
    Entrada::Respondido {
        paso,
        respuesta,
        vuelta: header(message, CAUSATION).and_then(Envio::vuelta_de),
    }
}

#[async_trait]
impl Handler for Respuestas {
    async fn handle(&self, message: &IncomingMessage) -> Result<(), HandleError> {
        let Some(value) = &message.value else {
            return Err(HandleError::poison("no_value", "an answer needs a value"));
        };
        let envelope = self.reader.read::<Datos>(value).await.map_err(ilegible)?;
        let named = command_id(message, envelope.id.as_deref());
        let said = envelope.message_type.as_deref().unwrap_or_default();
        let tipo = (self.tipos)(said).ok_or_else(|| {
            HandleError::poison("tipo_desconocido", "the topic has no answer of this type")
        })?;
        let id = ingesta(&envelope.data)?;
        let metadata: Metadata = contexto(message, &named).metadata;
        let name = nombre("kafka", &format!("{}/{named}", message.topic));
        let entrada = entrada(tipo, envelope.data, message);
        let told = self
            .sagas
            .tell(&id.to_string(), entrada, name, metadata)
            .await;
        told.map(drop).map_err(juzgar)
    }
}

const TEXTS: EndTexts = EndTexts {
    reused: "another answer with this id was heard before",
    undecodable: "the saga has events that this program cannot read",
    unencodable: "the events of the saga cannot be written",
};

/// A saga refuses nothing that it is told.
fn juzgar<E: std::error::Error + Send + Sync + 'static>(error: CommandError<E>) -> HandleError {
    HandleError::of_command(error, TEXTS, |_| {
        HandleError::poison("rechazada", "the saga refused the answer")
    })
}
