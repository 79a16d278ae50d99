//! The anonymiser: a keyed pseudonym of the patient and of the image's address.
//!
//! Promises: of the patient and the address it keeps and tells the pseudonym alone, from which
//! nobody comes back without the key; undoing records and destroys nothing; each command is answered
//! once, from its own log; an undoing that comes first is remembered, and nothing is done after it.
//! It sees no pixel: what it anonymises is a reference.

mod aggregate;
mod decide;
mod event;
mod ordenes;
mod relato;
mod seudonimo;

use std::sync::Arc;

use ingesta_event_store::{Commands, EventCodec, EventStorage};
use ingesta_kafka::producer::ProducerOptions;
use ingesta_kafka::relay::Relay;

pub use aggregate::{Anonimizado, AnonimizadoCommand, EstadoAnonimizado};
pub use decide::{AnonimizadoError, Anonimizar, Limpiar, Revertir};
pub use event::AnonimizadoEvent;
pub use seudonimo::{ClaveError, Seudonimizador, Seudonimos};

use self::ordenes::{PedirAnonimizado, PedirLimpieza, PedirReversion};
use self::relato::relato;
use crate::mensajes::Topico;
use crate::neighbour::{Door, Follower, Ground, Options, Orden, Parts, Receptor};

/// The name of this neighbour.
pub const NOMBRE: &str = "anonimizador";

/// The subscription that publishes its answers.
const RESPUESTAS: &str = "anonimizador_respuestas";

/// What the anonymiser is made of.
///
/// # Errors
/// When the broker's options cannot be used.
pub fn parts(
    ground: &Ground,
    options: &Options,
    seudonimos: &Seudonimizador,
) -> anyhow::Result<Parts> {
    let codec = EventCodec::default();
    let commands = Commands::<Anonimizado>::new(ground.storage.clone(), codec.clone(), ());
    let log: Arc<dyn EventStorage> = ground.storage.clone() as _;
    let relato = relato(codec, log, &options.topicos, &options.fallos)?;
    let relay = Relay::new(
        RESPUESTAS,
        relato,
        &options.kafka,
        ProducerOptions::default(),
    )?;
    Ok(Parts {
        doors: vec![
            door(
                PedirAnonimizado(seudonimos.clone()),
                "anonimizador-sub-comando-iniciar-anonimizado",
                &commands,
                options,
            )?,
            door(
                PedirLimpieza,
                "anonimizador-sub-comando-limpiar-ingesta",
                &commands,
                options,
            )?,
            door(
                PedirReversion,
                "anonimizador-compensacion-comando-revertir-anonimizado",
                &commands,
                options,
            )?,
        ],
        writes: vec![Topico::EventosAnonimizado],
        followers: vec![Follower::relay(relay)],
    })
}

fn door<O: Orden<Agregado = Anonimizado>>(
    orden: O,
    group: &'static str,
    commands: &Commands<Anonimizado>,
    options: &Options,
) -> anyhow::Result<Door> {
    let topico = orden.topico();
    let handler = Receptor::new(orden, commands.clone(), &options.fallos)?;
    Ok(Door {
        topico,
        group,
        handler: Arc::new(handler),
    })
}
