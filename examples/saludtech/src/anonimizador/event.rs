//! What the anonymiser remembers of an ingesta. Each event but the last two is an answer.

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Seudonimos;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnonimizadoEvent {
    /// It is anonymised.
    AnonimizadoCreado {
        /// Of which ingesta.
        id_ingesta: Uuid,
        /// What it is called from here on.
        seudonimos: Seudonimos,
        /// When.
        fecha: DateTime<Utc>,
    },
    /// It is not.
    AnonimizadoFallido {
        /// Of which ingesta.
        id_ingesta: Uuid,
        /// Why not.
        codigo: String,
        /// When.
        fecha: DateTime<Utc>,
    },
    /// It counts as undone; what was done stays on record.
    AnonimizadoRevertido {
        /// Of which ingesta.
        id_ingesta: Uuid,
        /// Whether there was anything to undo.
        habia: bool,
        /// When.
        fecha: DateTime<Utc>,
    },
    /// The raw data is cleaned up.
    LimpiezaHecha {
        /// Of which ingesta.
        id_ingesta: Uuid,
        /// When.
        fecha: DateTime<Utc>,
    },
    /// The raw data stays.
    LimpiezaRechazada {
        /// Of which ingesta.
        id_ingesta: Uuid,
        /// Why.
        codigo: String,
        /// When.
        fecha: DateTime<Utc>,
    },
    /// A delivery was left without an answer, on purpose.
    OrdenCallada {},
    /// An order came again that was answered before: its answer is told once more.
    OrdenRepetida {
        /// Which event of this stream is the answer.
        secuencia: u64,
    },
}

impl DomainEvent for AnonimizadoEvent {
    fn event_type(&self) -> String {
        match self {
            Self::AnonimizadoCreado { .. } => "AnonimizadoCreado",
            Self::AnonimizadoFallido { .. } => "AnonimizadoFallido",
            Self::AnonimizadoRevertido { .. } => "AnonimizadoRevertido",
            Self::LimpiezaHecha { .. } => "LimpiezaHecha",
            Self::LimpiezaRechazada { .. } => "LimpiezaRechazada",
            Self::OrdenCallada {} => "OrdenCallada",
            Self::OrdenRepetida { .. } => "OrdenRepetida",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
