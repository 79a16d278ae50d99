//! The door of the topics: commands that arrive as messages, events that another module of this
//! server hears of in that way, and what neighbours answer to sagas.
//!
//! Promises: what arrives here is checked as at the HTTP door, with the same codes and sentences; a
//! command takes effect once, however often its message comes; a message that can never be carried
//! out is refused for good with a code and without a word of its data; what is away is waited for.
//! It holds no consumer: the inbox of `ingesta-kafka` does, one group for each topic.

mod contexto;
mod eventos;
mod juicio;
mod lectores;
mod manejador;
mod ordenes;
mod respuestas;
mod tipos;

use std::sync::Arc;

use ingesta_domain::ingesta::{EliminarIngesta, RevertirIngesta};
use ingesta_kafka::avro::SchemaError;
use ingesta_kafka::inbox::Handler;
use ingesta_kafka::schema::SchemaRegistry;

pub use self::eventos::entradas_de_imagenes;
pub(crate) use self::eventos::topicos_de_imagenes;

use self::lectores::lector;
use self::manejador::Manejador;
use self::ordenes::{Crear, Orden};
use self::respuestas::{Respuestas, del_anonimizador, del_etiquetador};
use crate::comandos::Despachador;
use crate::mensajes::{Esquema, RutaComando, Rutas};
use crate::saga::Sagas;

/// A topic that is read, the consumer group of its readers, and what is done with its messages.
pub struct Entrada {
    /// Its name in metrics and health, which no prefix changes.
    pub nombre: &'static str,
    /// The topic.
    pub topico: String,
    /// The consumer group.
    pub grupo: String,
    /// What is done with a message.
    pub manejador: Arc<dyn Handler>,
}

/// Every topic of commands of this table.
///
/// # Errors
/// When a schema does not have the shape that the table says.
pub fn entradas(rutas: &Rutas, despachador: &Despachador) -> Result<Vec<Entrada>, SchemaError> {
    let (mut todas, registry) = (Vec::new(), rutas.registry());
    for ruta in rutas.commands() {
        todas.push(match ruta.schema {
            Esquema::ComandoCrearIngesta => entrada::<Crear>(ruta, registry, despachador)?,
            Esquema::ComandoEliminarIngesta => {
                entrada::<EliminarIngesta>(ruta, registry, despachador)?
            }
            Esquema::ComandoRevertirIngesta => {
                entrada::<RevertirIngesta>(ruta, registry, despachador)?
            }
            // Answers to a saga: see `entradas_de_saga`.
            Esquema::EventosAnonimizado | Esquema::EventosEtiquetado => continue,
            // They tell of events, or are asked of others.
            Esquema::ComandoIniciarAnonimizado
            | Esquema::ComandoIniciarEtiquetado
            | Esquema::ComandoLimpiarIngesta
            | Esquema::ComandoRevertirAnonimizado
            | Esquema::ComandoRevertirEtiquetado
            | Esquema::EventosIngesta
            | Esquema::EventosImagen
            | Esquema::EventoIngestaCreada
            | Esquema::EventoIngestaEliminada
            | Esquema::EventoFalloIngesta
            | Esquema::EventoIngestaRevertida
            | Esquema::EventoAlertaIngesta => continue,
        });
    }
    Ok(todas)
}

/// Every topic of answers of this table.
///
/// # Errors
/// When a schema does not have the shape that the table says.
pub fn entradas_de_saga(rutas: &Rutas, sagas: &Sagas) -> Result<Vec<Entrada>, SchemaError> {
    let topics = [
        (
            Esquema::EventosAnonimizado,
            del_anonimizador as fn(&str) -> _,
        ),
        (Esquema::EventosEtiquetado, del_etiquetador),
    ];
    let (mut todas, registry) = (Vec::new(), rutas.registry());
    for (schema, tipos) in topics {
        for ruta in rutas.commands().iter().filter(|ruta| ruta.schema == schema) {
            let reader = lector((ruta.schema, ruta.format, ruta.shape), registry)?;
            let manejador = Respuestas::new(sagas.clone(), reader, tipos);
            todas.push(nueva(ruta, Arc::new(manejador)));
        }
    }
    Ok(todas)
}

fn nueva(ruta: &RutaComando, manejador: Arc<dyn Handler>) -> Entrada {
    Entrada {
        nombre: ruta.schema.topic(),
        topico: ruta.topic.clone(),
        grupo: format!("sta-sub-{}", ruta.topic),
        manejador,
    }
}

fn entrada<O: Orden>(
    ruta: &RutaComando,
    registry: Option<&SchemaRegistry>,
    despachador: &Despachador,
) -> Result<Entrada, SchemaError> {
    let reader = lector((ruta.schema, ruta.format, ruta.shape), registry)?;
    let manejador = Manejador::<O>::new(despachador.clone(), ruta.schema, reader);
    Ok(nueva(ruta, Arc::new(manejador)))
}
