//! The states of a saga, and the ends of its ingesta.
//!
//! It promises one word per state, the same in JSON, in `Display` and in the glossary.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a saga is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EstadoSaga {
    /// The ingesta was told to begin.
    Iniciando,
    /// The anonymiser was asked.
    Anonimizando,
    /// The labeller was asked.
    Etiquetando,
    /// The clean-up was asked for.
    Limpiando,
    /// The ingesta was told to end well.
    Finalizando,
    /// The clean-up was refused or not answered; a person decides.
    Alertada,
    /// A step is being reverted.
    Compensando,
    /// Everything is reverted and the ingesta was told to undo itself.
    Revirtiendo,
    /// The ingesta ended well. An end.
    Finalizada,
    /// The ingesta failed and was undone. An end.
    Fallida,
    /// The ingesta was withdrawn, and what was done for it is reverted. An end.
    Eliminada,
    /// The ingesta was refused, and what was done for it is reverted. An end.
    Rechazada,
    /// The ingesta had ended before anything was done for it. An end.
    SinEfecto,
    /// A person gave it up; what is left undone is written down. An end.
    Abandonada,
}

impl EstadoSaga {
    /// Every state.
    pub const TODOS: [Self; 14] = [
        Self::Iniciando,
        Self::Anonimizando,
        Self::Etiquetando,
        Self::Limpiando,
        Self::Finalizando,
        Self::Alertada,
        Self::Compensando,
        Self::Revirtiendo,
        Self::Finalizada,
        Self::Fallida,
        Self::Eliminada,
        Self::Rechazada,
        Self::SinEfecto,
        Self::Abandonada,
    ];

    /// The word of the state.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Iniciando => "Iniciando",
            Self::Anonimizando => "Anonimizando",
            Self::Etiquetando => "Etiquetando",
            Self::Limpiando => "Limpiando",
            Self::Finalizando => "Finalizando",
            Self::Alertada => "Alertada",
            Self::Compensando => "Compensando",
            Self::Revirtiendo => "Revirtiendo",
            Self::Finalizada => "Finalizada",
            Self::Fallida => "Fallida",
            Self::Eliminada => "Eliminada",
            Self::Rechazada => "Rechazada",
            Self::SinEfecto => "SinEfecto",
            Self::Abandonada => "Abandonada",
        }
    }

    /// Whether nothing leads out of it.
    #[must_use]
    pub const fn es_final(self) -> bool {
        match self {
            Self::Iniciando
            | Self::Anonimizando
            | Self::Etiquetando
            | Self::Limpiando
            | Self::Finalizando
            | Self::Alertada
            | Self::Compensando
            | Self::Revirtiendo => false,
            Self::Finalizada
            | Self::Fallida
            | Self::Eliminada
            | Self::Rechazada
            | Self::SinEfecto
            | Self::Abandonada => true,
        }
    }
}

impl fmt::Display for EstadoSaga {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How an ingesta ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FinIngesta {
    /// Well.
    Finalizada,
    /// It failed and was undone.
    Fallida,
    /// It was withdrawn.
    Eliminada,
    /// It was refused with its image.
    Rechazada,
}

impl fmt::Display for FinIngesta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&EstadoSaga::from(*self), f)
    }
}

impl From<FinIngesta> for EstadoSaga {
    fn from(fin: FinIngesta) -> Self {
        match fin {
            FinIngesta::Finalizada => Self::Finalizada,
            FinIngesta::Fallida => Self::Fallida,
            FinIngesta::Eliminada => Self::Eliminada,
            FinIngesta::Rechazada => Self::Rechazada,
        }
    }
}
