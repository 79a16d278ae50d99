//! The states of an ingesta and of an image.
//!
//! It promises one word per state, the same in JSON, in `Display` and in the glossary.
//! Which command leads from which state to which is not said here but in each `decide.rs`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ValorError;

/// Where an ingesta is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EstadoIngesta {
    /// Accepted, nothing done yet.
    Creada,
    /// Being processed.
    Pendiente,
    /// Its image was refused. Terminal.
    Rechazada,
    /// Labelled, raw data cleaned up. Terminal.
    Finalizada,
    /// Withdrawn by its provider or an operator. Terminal.
    Eliminada,
    /// Its process failed and was undone. Terminal.
    Fallida,
    /// Its clean-up was refused; a person decides.
    Alertada,
}

impl EstadoIngesta {
    /// Every state, in the order of the life.
    pub const TODOS: [Self; 7] = [
        Self::Creada,
        Self::Pendiente,
        Self::Rechazada,
        Self::Finalizada,
        Self::Eliminada,
        Self::Fallida,
        Self::Alertada,
    ];

    /// The word of the state.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Creada => "Creada",
            Self::Pendiente => "Pendiente",
            Self::Rechazada => "Rechazada",
            Self::Finalizada => "Finalizada",
            Self::Eliminada => "Eliminada",
            Self::Fallida => "Fallida",
            Self::Alertada => "Alertada",
        }
    }

    /// Whether no command leads out of this state.
    #[must_use]
    pub const fn es_terminal(self) -> bool {
        match self {
            Self::Rechazada | Self::Finalizada | Self::Eliminada | Self::Fallida => true,
            Self::Creada | Self::Pendiente | Self::Alertada => false,
        }
    }
}

/// What is known about an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EstadoImagen {
    /// Its address and every declared fact are well formed.
    Verificada,
    /// Its address or a declared fact is not well formed.
    Rechazada,
    /// Its ingesta failed.
    Revertida,
}

impl EstadoImagen {
    /// Every state.
    pub const TODOS: [Self; 3] = [Self::Verificada, Self::Rechazada, Self::Revertida];

    /// The word of the state.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verificada => "verificada",
            Self::Rechazada => "rechazada",
            Self::Revertida => "revertida",
        }
    }
}

macro_rules! como_texto {
    ($($tipo:ident),+) => {$(
        impl fmt::Display for $tipo {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $tipo {
            type Err = ValorError;

            fn from_str(texto: &str) -> Result<Self, Self::Err> {
                Self::TODOS
                    .into_iter()
                    .find(|estado| estado.as_str() == texto)
                    .ok_or(ValorError::EstadoDesconocido)
            }
        }
    )+};
}

como_texto!(EstadoIngesta, EstadoImagen);
