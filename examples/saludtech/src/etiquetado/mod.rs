//! The labeller: labels from a study's modality, region and description, by a fixed table.
//!
//! Promises: the same study gets the same labels, always; what it is told in free words is looked up
//! and not kept; a study without a modality is refused with a code; each command is answered once,
//! from its own log; an undoing that comes first is remembered, and nothing is done after it.

mod aggregate;
mod decide;
mod event;
mod ordenes;
mod relato;
mod tabla;

use std::sync::Arc;

use ingesta_event_store::{Commands, EventCodec, EventStorage};
use ingesta_kafka::producer::ProducerOptions;
use ingesta_kafka::relay::Relay;

pub use aggregate::{EstadoEtiquetado, Etiquetado, EtiquetadoCommand};
pub use decide::{EtiquetadoError, Etiquetar, Revertir};
pub use event::EtiquetadoEvent;
pub use tabla::{Descrito, Etiquetas, Tabla};

use self::ordenes::{PedirEtiquetado, PedirReversion};
use self::relato::relato;
use crate::mensajes::Topico;
use crate::neighbour::{Door, Follower, Ground, Options, Parts, Receptor};

/// The name of this neighbour.
pub const NOMBRE: &str = "etiquetado";

/// The subscription that publishes its answers.
const RESPUESTAS: &str = "etiquetado_respuestas";

/// What the labeller is made of.
///
/// # Errors
/// When the broker's options cannot be used.
pub fn parts(ground: &Ground, options: &Options) -> anyhow::Result<Parts> {
    let codec = EventCodec::default();
    let commands = Commands::<Etiquetado>::new(ground.storage.clone(), codec.clone(), ());
    let log: Arc<dyn EventStorage> = ground.storage.clone() as _;
    let relato = relato(codec, log, &options.topicos, &options.fallos)?;
    let relay = Relay::new(
        RESPUESTAS,
        relato,
        &options.kafka,
        ProducerOptions::default(),
    )?;
    let (tabla, fallos) = (Arc::new(Tabla::committed()), &options.fallos);
    Ok(Parts {
        doors: vec![
            Door {
                topico: Topico::IniciarEtiquetado,
                group: "etiquetado-sub-comando-iniciar-etiquetado",
                handler: Arc::new(Receptor::new(
                    PedirEtiquetado(tabla),
                    commands.clone(),
                    fallos,
                )?),
            },
            Door {
                topico: Topico::RevertirEtiquetado,
                group: "etiquetado-sub-comando-revertir-etiquetado",
                handler: Arc::new(Receptor::new(PedirReversion, commands, fallos)?),
            },
        ],
        writes: vec![Topico::EventosEtiquetado],
        followers: vec![Follower::relay(relay)],
    })
}
