//! The saga of an ingesta at work: the domain's decisions, made an instance of `ingesta-sagas`.
//!
//! Promises: nothing is decided here; what the log tells, what the ingesta answers, what a timer or a
//! person says is translated and handed on, under names that make a repetition one.
//! Orders to neighbours are published by a relay ([`crate::mensajes::TraductorSaga`]); their answers
//! come by an inbox ([`crate::entradas`]).

mod acciones;
mod oidos;
mod proceso;

use ingesta_sagas::Instance;

pub(crate) use acciones::Acciones;
pub(crate) use oidos::oidos;
pub use proceso::Proceso;

/// A saga as an aggregate of the log: its stream has the id of its ingesta.
pub type SagaDeIngesta = Instance<Proceso>;

/// The door to all of them.
pub type Sagas = ingesta_sagas::Sagas<Proceso>;
