//! What a saga hears.
//!
//! It promises that whoever tells it needs to know nothing of its state: what comes twice, too early
//! or too late is told all the same.
//! The plan is left out of the serialised form, so that a redelivery after a change of configuration
//! is the same wish.

use serde::{Deserialize, Serialize};

use super::{ComandoSaga, FinIngesta, Paso, Plan};
use crate::valor::{Codigo, Modalidad, Motivo};

/// What is told from outside: by the log, by the neighbours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entrada {
    /// The image was taken in and is well formed: the saga begins.
    ImagenVerificada {
        /// The kind of device, for the labeller.
        modalidad: Option<Modalidad>,
        /// How patient the saga is to be.
        #[serde(skip)]
        plan: Plan,
    },
    /// The processing of the ingesta has begun.
    ProcesoIniciado,
    /// The ingesta has ended.
    IngestaTerminada(FinIngesta),
    /// A neighbour has answered.
    Respondido {
        /// About which step.
        paso: Paso,
        /// What.
        respuesta: Respuesta,
        /// To which wish, where the answer says so.
        vuelta: Option<u32>,
    },
}

/// What a neighbour answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Respuesta {
    /// The step is done.
    Hecho,
    /// The step cannot be done.
    Rechazado {
        /// Why, as the neighbour's word.
        codigo: Option<Codigo>,
    },
    /// The step is reverted and will not be done later.
    Revertido {
        /// Whether there was anything to revert.
        habia: bool,
    },
}

impl Entrada {
    /// An answer that does not say to which wish.
    #[must_use]
    pub const fn respuesta(paso: Paso, respuesta: Respuesta) -> Self {
        Self::Respondido {
            paso,
            respuesta,
            vuelta: None,
        }
    }
}

/// Everything that a saga can hear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Oido {
    /// It was told something.
    Dicho(Entrada),
    /// A timer of this name is due.
    Plazo(String),
    /// The ingesta refused a command of the saga.
    Rechazado {
        /// Which command.
        comando: ComandoSaga,
        /// The refusal's code.
        codigo: Codigo,
    },
    /// A person wants it to ask again, now.
    Reintentar,
    /// A person gives it up.
    Abandonar {
        /// Why.
        motivo: Motivo,
    },
}
