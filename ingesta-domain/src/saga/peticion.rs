//! What an event of a saga asks for.
//!
//! It promises to be a function of the stored event alone: asked for again after a crash, it is the
//! same, and it is never made anew.
//! It does nothing: who runs the saga sends, commands and sets timers.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    ComandoPedido, ComandoSaga, CompensacionIniciada, Envio, MotivoSaga, OrdenEnviada, PasoFallido,
    PasoHecho, PasoRevertido, SagaAbandonada, SagaEvent, SagaTerminada,
};
use crate::valor::Modalidad;

/// Something to be done elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Accion {
    /// A command to the saga's ingesta.
    Comando {
        /// Which.
        comando: ComandoSaga,
        /// Why, where the command needs a reason.
        motivo: Option<MotivoSaga>,
    },
    /// An order to a neighbour.
    Orden {
        /// For what, and the how-manieth time.
        envio: Envio,
        /// The kind of device, where the labeller is asked and it is known.
        modalidad: Option<Modalidad>,
    },
}

impl Accion {
    /// Its name: that of the command or of the order.
    #[must_use]
    pub const fn nombre(&self) -> &'static str {
        match self {
            Self::Comando { comando, .. } => comando.as_str(),
            Self::Orden { envio, .. } => envio.orden.as_str(),
        }
    }
}

/// Something that a saga asks of whoever runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peticion {
    /// Do this.
    Hacer(Accion),
    /// Tell me when this much time has passed.
    PonerPlazo {
        /// The timer's name.
        plazo: String,
        /// How much.
        despues: Duration,
    },
    /// I wait for this timer no longer.
    QuitarPlazo {
        /// The timer's name.
        plazo: String,
    },
}

/// What this event asks for.
#[must_use]
pub fn peticiones(event: &SagaEvent) -> Vec<Peticion> {
    match event {
        SagaEvent::ComandoPedido(e) => vec![comando(e)],
        SagaEvent::OrdenEnviada(e) => orden(e),
        SagaEvent::PasoHecho(PasoHecho { envio, .. })
        | SagaEvent::PasoFallido(PasoFallido { envio, .. })
        | SagaEvent::PasoRevertido(PasoRevertido { envio, .. }) => vec![quitar(envio)],
        SagaEvent::CompensacionIniciada(CompensacionIniciada { pendiente, .. })
        | SagaEvent::SagaAbandonada(SagaAbandonada { pendiente, .. })
        | SagaEvent::SagaTerminada(SagaTerminada { pendiente, .. }) => {
            pendiente.iter().map(quitar).collect()
        }
        SagaEvent::ProcesoAdelantado(_)
        | SagaEvent::SagaIniciada(_)
        | SagaEvent::ComandoRechazado(_)
        | SagaEvent::IngestaTerminada(_) => Vec::new(),
    }
}

fn comando(e: &ComandoPedido) -> Peticion {
    Peticion::Hacer(Accion::Comando {
        comando: e.comando,
        motivo: e.motivo.clone(),
    })
}

fn orden(e: &OrdenEnviada) -> Vec<Peticion> {
    let hacer = Peticion::Hacer(Accion::Orden {
        envio: e.envio,
        modalidad: e.modalidad.clone(),
    });
    let poner = Peticion::PonerPlazo {
        plazo: e.envio.plazo(),
        despues: Duration::from_millis(e.espera_ms),
    };
    // The wait before may go on where a person was more impatient than the plan.
    let antes = e.envio.intento.checked_sub(1).filter(|antes| *antes > 0);
    let antes = antes.map(|intento| Envio { intento, ..e.envio });
    let mut todas: Vec<_> = antes.iter().map(quitar).collect();
    todas.extend([hacer, poner]);
    todas
}

fn quitar(envio: &Envio) -> Peticion {
    Peticion::QuitarPlazo {
        plazo: envio.plazo(),
    }
}
