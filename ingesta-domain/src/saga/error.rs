//! Why a saga refuses what a person wants of it. It refuses nobody else: what the log, a neighbour or
//! a timer tells it too late is no error.

use thiserror::Error;

use super::EstadoSaga;

/// A refusal of the saga.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
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
}

impl SagaError {
    /// A stable word for programs, in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SagaNoExiste => "saga_no_existe",
            Self::SagaYaTerminada { .. } => "saga_ya_terminada",
        }
    }

    /// The current state, where it is part of the reason.
    #[must_use]
    pub const fn estado(&self) -> Option<EstadoSaga> {
        match self {
            Self::SagaNoExiste => None,
            Self::SagaYaTerminada { estado } => Some(*estado),
        }
    }
}
