//! Why a saga refuses what a person wants of it. It refuses nobody else: what the log, a neighbour or
//! a timer tells it too late is no error.

use thiserror::Error;

use super::EstadoSaga;
use crate::valor::ValorError;

/// A refusal of the saga.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SagaError {
    /// The ingesta has no saga.
    #[error("la ingesta no tiene saga")]
    SagaNoExiste,
    /// The saga has ended.
    #[error("la saga ya termino en el estado {estado}")]
    SagaYaTerminada {
        /// How.
        estado: EstadoSaga,
    },
    /// A value that came with the wish is refused.
    #[error(transparent)]
    Valor(#[from] ValorError),
}

impl SagaError {
    /// A stable word for programs, in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SagaNoExiste => "saga_no_existe",
            Self::SagaYaTerminada { .. } => "saga_ya_terminada",
            Self::Valor(valor) => valor.code(),
        }
    }

    /// The current state, where it is part of the reason.
    #[must_use]
    pub const fn estado(&self) -> Option<EstadoSaga> {
        match self {
            Self::SagaNoExiste | Self::Valor(_) => None,
            Self::SagaYaTerminada { estado } => Some(*estado),
        }
    }
}
