//! What the labeller remembers of a study. Each event but the last two is an answer.

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Etiquetas;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EtiquetadoEvent {
    /// It is labelled.
    EtiquetadoCreado {
        /// Of which ingesta.
        id_ingesta: Uuid,
        /// Which study.
        id_anonimizado: Uuid,
        /// The labels.
        etiquetas: Etiquetas,
        /// When.
        fecha: DateTime<Utc>,
    },
    /// It is not.
    EtiquetadoRechazado {
        /// Of which ingesta.
        id_ingesta: Uuid,
        /// Which study.
        id_anonimizado: Uuid,
        /// Why not.
        codigo: String,
        /// When.
        fecha: DateTime<Utc>,
    },
    /// The labels count as undone; they stay on record.
    EtiquetadoRevertido {
        /// Of which ingesta.
        id_ingesta: Uuid,
        /// Which study.
        id_anonimizado: Uuid,
        /// Whether there was anything to undo.
        habia: bool,
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

impl DomainEvent for EtiquetadoEvent {
    fn event_type(&self) -> String {
        match self {
            Self::EtiquetadoCreado { .. } => "EtiquetadoCreado",
            Self::EtiquetadoRechazado { .. } => "EtiquetadoRechazado",
            Self::EtiquetadoRevertido { .. } => "EtiquetadoRevertido",
            Self::OrdenCallada {} => "OrdenCallada",
            Self::OrdenRepetida { .. } => "OrdenRepetida",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
