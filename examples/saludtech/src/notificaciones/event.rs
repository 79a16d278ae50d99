//! What is remembered of a notification.

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Asunto {
    /// An ingesta failed and was undone.
    FalloIngesta,
    /// A clean-up was refused: a person decides.
    AlertaIngesta,
}

impl Asunto {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FalloIngesta => "FalloIngesta",
            Self::AlertaIngesta => "AlertaIngesta",
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotificacionEvent {
    /// It is to be sent.
    NotificacionPedida {
        /// About which ingesta.
        id_ingesta: Uuid,
        /// What about.
        asunto: Asunto,
        /// When what it tells of happened.
        suceso: DateTime<Utc>,
        /// When it was asked for.
        fecha: DateTime<Utc>,
    },
    /// It was put aside, and a person asked for it again.
    NotificacionReabierta {
        /// When.
        fecha: DateTime<Utc>,
    },
    /// A try begins.
    EnvioIniciado {
        /// Which one, from 1.
        intento: u32,
        /// When.
        fecha: DateTime<Utc>,
    },
    /// The sender has taken it.
    EnvioHecho {
        /// Which try.
        intento: u32,
        /// When.
        fecha: DateTime<Utc>,
    },
    /// The sender has certainly not taken it.
    EnvioFallido {
        /// Which try.
        intento: u32,
        /// Why not.
        codigo: String,
        /// Whether no further try follows.
        definitivo: bool,
        /// When.
        fecha: DateTime<Utc>,
    },
    /// Nobody knows whether the sender has taken it.
    EnvioDesconocido {
        /// Which try.
        intento: u32,
        /// Why that is not known.
        codigo: String,
        /// When.
        fecha: DateTime<Utc>,
    },
}

impl DomainEvent for NotificacionEvent {
    fn event_type(&self) -> String {
        match self {
            Self::NotificacionPedida { .. } => "NotificacionPedida",
            Self::NotificacionReabierta { .. } => "NotificacionReabierta",
            Self::EnvioIniciado { .. } => "EnvioIniciado",
            Self::EnvioHecho { .. } => "EnvioHecho",
            Self::EnvioFallido { .. } => "EnvioFallido",
            Self::EnvioDesconocido { .. } => "EnvioDesconocido",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
