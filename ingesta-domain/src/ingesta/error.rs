//! Why a command on an ingesta was refused.
//!
//! It promises data (state, command name) rather than text, a stable `code()`, and a Spanish sentence
//! without a trailing dot for the person who sent the command.
//! It holds no personal data and maps to no HTTP status: that is the server's word.

use thiserror::Error;

use crate::valor::{EstadoIngesta, ValorError};

/// A refusal of the aggregate `Ingesta`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IngestaError {
    /// The command needs an ingesta and there is none under this id.
    #[error("la ingesta no existe")]
    IngestaNoExiste,
    /// There is already an ingesta under this id.
    #[error("la ingesta ya existe")]
    IngestaYaExiste {
        /// The state of the one that exists.
        estado: EstadoIngesta,
    },
    /// The state forbids the command.
    #[error("{comando} no es posible en el estado {estado}")]
    TransicionInvalida {
        /// The current state.
        estado: EstadoIngesta,
        /// The name of the refused command.
        comando: &'static str,
    },
    /// A rejection without a reason.
    #[error("un rechazo necesita al menos un motivo")]
    SinMotivos,
    /// A value inside the command is refused; for an address the sentence is the seeds' own.
    #[error(transparent)]
    Valor(#[from] ValorError),
}

impl IngestaError {
    /// A stable word for programs, in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::IngestaNoExiste => "ingesta_no_existe",
            Self::IngestaYaExiste { .. } => "ingesta_ya_existe",
            Self::TransicionInvalida { .. } => "transicion_invalida",
            Self::SinMotivos => "sin_motivos",
            Self::Valor(valor) => valor.code(),
        }
    }

    /// The current state, where it is part of the reason.
    #[must_use]
    pub const fn estado(&self) -> Option<EstadoIngesta> {
        match self {
            Self::IngestaYaExiste { estado } | Self::TransicionInvalida { estado, .. } => {
                Some(*estado)
            }
            Self::IngestaNoExiste | Self::SinMotivos | Self::Valor(_) => None,
        }
    }
}
