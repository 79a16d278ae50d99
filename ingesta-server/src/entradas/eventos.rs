//! Events of ingestas that module `imagenes` hears of by topic: the consumers
//! `sta-sub-evento-ingesta-creada` and `sta-sub-evento-ingesta-revertida`.
//!
//! Promises: the message says which event it tells of, and the log says what that was, so an image is
//! the same whichever way its ingesta's event came, and both ways at once make one. The commands are
//! those of the reaction to the log, under the same names. An event that comes before an earlier one
//! of its ingesta brings that one's command with it, because two topics have no order between them.
//! A message of an event that the log does not have is put aside: it makes no image.

use std::sync::Arc;

use async_trait::async_trait;
use ingesta_domain::ingesta::Ingesta;
use ingesta_domain::valor::IdIngesta;
use ingesta_event_store::{EventStorage, StreamId};
use ingesta_kafka::avro::SchemaError;
use ingesta_kafka::envelope::{EnvelopeReader, Shape};
use ingesta_kafka::inbox::{HandleError, Handler, command_id};
use ingesta_kafka::message::IncomingMessage;
use serde::Deserialize;

use super::Entrada;
use super::juicio::{fallo, ilegible, valor};
use super::lectores::lector;
use crate::mensajes::{Esquema, Ruta, Rutas};
use crate::reacciones::ReaccionImagenes;

/// The consumers of module `imagenes`: those of the topics that have one kind of event each, where
/// the table has them, else the one of the topic that has all of an ingesta.
///
/// # Errors
/// When a schema does not have the shape that the table says.
pub fn entradas_de_imagenes(
    rutas: &Rutas,
    reaccion: &Arc<ReaccionImagenes>,
    log: &Arc<dyn EventStorage>,
) -> Result<Vec<Entrada>, SchemaError> {
    let entrada = |ruta: &Ruta| {
        let named = grupo_propio(ruta.schema).unwrap_or(CREADA);
        Ok(Entrada {
            nombre: ruta.schema.topic(),
            topico: ruta.topic.clone(),
            grupo: format!("sta-sub-{}{named}", rutas.prefix()),
            manejador: Arc::new(ManejadorDeEventos {
                reaccion: Arc::clone(reaccion),
                log: Arc::clone(log),
                reader: lector((ruta.schema, ruta.format, Shape::Full), rutas.registry())?,
            }),
        })
    };
    topicos_de_imagenes(rutas)
        .into_iter()
        .map(entrada)
        .collect()
}

/// The topics that those consumers read.
pub(crate) fn topicos_de_imagenes(rutas: &Rutas) -> Vec<&Ruta> {
    let own = |ruta: &&Ruta| grupo_propio(ruta.schema).is_some();
    let topics: Vec<_> = rutas.events().iter().filter(own).collect();
    if !topics.is_empty() {
        return topics;
    }
    let all = |ruta: &&Ruta| ruta.schema == Esquema::EventosIngesta;
    rutas.events().iter().filter(all).collect()
}

/// What the groups of the first systems are called after.
const CREADA: &str = "evento-ingesta-creada";
const REVERTIDA: &str = "evento-ingesta-revertida";

/// The group of a topic that has one kind of event, where an image follows from it.
const fn grupo_propio(schema: Esquema) -> Option<&'static str> {
    match schema {
        Esquema::EventoIngestaCreada => Some(CREADA),
        Esquema::EventoIngestaRevertida => Some(REVERTIDA),
        Esquema::EventosIngesta
        | Esquema::EventosImagen
        | Esquema::EventoIngestaEliminada
        | Esquema::EventoFalloIngesta
        | Esquema::EventoAlertaIngesta
        | Esquema::ComandoCrearIngesta
        | Esquema::ComandoEliminarIngesta
        | Esquema::ComandoRevertirIngesta
        | Esquema::ComandoIniciarAnonimizado
        | Esquema::ComandoIniciarEtiquetado
        | Esquema::ComandoLimpiarIngesta
        | Esquema::ComandoRevertirAnonimizado
        | Esquema::ComandoRevertirEtiquetado
        | Esquema::EventosAnonimizado
        | Esquema::EventosEtiquetado => None,
    }
}

/// Hands the events of one topic to the reaction of module `imagenes`.
struct ManejadorDeEventos {
    reaccion: Arc<ReaccionImagenes>,
    log: Arc<dyn EventStorage>,
    reader: EnvelopeReader,
}

/// What is read of an event's data, on every topic.
#[derive(Deserialize)]
struct Datos {
    id_ingesta: Option<String>,
}

#[async_trait]
impl Handler for ManejadorDeEventos {
    async fn handle(&self, message: &IncomingMessage) -> Result<(), HandleError> {
        let Some(value) = &message.value else {
            return Err(HandleError::poison("no_value", "an event needs a value"));
        };
        let envelope = self.reader.read::<Datos>(value).await.map_err(ilegible)?;
        let id: IdIngesta = envelope
            .data
            .id_ingesta
            .unwrap_or_default()
            .parse()
            .map_err(|error| valor(&error))?;
        let stream = StreamId::of::<Ingesta>(id.to_string());
        let named = command_id(message, envelope.id.as_deref());
        let sequence = secuencia(&named, &stream).ok_or_else(|| {
            let text = "the message's id names no event of its ingesta";
            HandleError::poison("event_not_named", text)
        })?;
        let events = self.log.load(&stream, 0).await;
        let events = events.map_err(HandleError::transient)?;
        let until = events.partition_point(|event| event.sequence <= sequence);
        let told = events[..until].last().filter(|it| it.sequence == sequence);
        let Some(told) = told else {
            let text = "the log has no event of the id that the message names";
            return Err(HandleError::poison("event_unknown", text));
        };
        if !self.reaccion.concierne(told).map_err(fallo)? {
            return Ok(());
        }
        for event in &events[..until] {
            self.reaccion.ante(event).await.map_err(fallo)?;
        }
        Ok(())
    }
}

/// The number of the event that this id names, if it is one of this stream:
/// `type/id/sequence`, with `#part` behind it where the stored event is several today.
fn secuencia(named: &str, stream: &StreamId) -> Option<u64> {
    let of_type = named.strip_prefix(&*stream.aggregate_type)?;
    let of_id = of_type.strip_prefix('/')?;
    let rest = of_id.strip_prefix(&*stream.aggregate_id)?;
    let number = rest.strip_prefix('/')?;
    let number = number.split_once('#').map_or(number, |(number, _)| number);
    number.parse().ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_event_of_the_messages_own_ingesta_is_meant() {
        let stream = StreamId::new("Ingesta", "a1");
        let number = |named| secuencia(named, &stream);
        assert_eq!(number("Ingesta/a1/1"), Some(1));
        assert_eq!(number("Ingesta/a1/12#2"), Some(12));
        for other in [
            "",
            "Ingesta/a1",
            "Ingesta/a1/",
            "Ingesta/a1/0",
            "Ingesta/a1/x",
            "Ingesta/a12/1",
            "Imagen/a1/1",
            "eventos-ingesta/0/14",
        ] {
            assert_eq!(number(other), None, "{other}");
        }
    }
}
