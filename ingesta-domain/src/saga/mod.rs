//! The saga of an ingesta: from a verified image to its end, whatever the neighbours do.
//!
//! ```text
//!  image verified
//!       |
//!   Iniciando --> Anonimizando --> Etiquetando --> Limpiando --> Finalizando --> Finalizada
//!       |               |              |               |  ^
//!       |               +------+-------+       refused |  | again
//!       |                      | failed, no answer     v  |
//!       |                      |                   Alertada (a person decides)
//!       v                      v                       |
//!   SinEfecto             Compensando <----------------+ reverted, withdrawn
//!                              |
//!                         Revirtiendo --> Fallida        (or Eliminada, Rechazada: the ingesta's end)
//! ```
//!
//! Promises: pure functions, no clock; what was finished, or may have been, is reverted in reverse
//! order and only then is the ingesta; an end is final; a repeat or a late answer changes nothing;
//! nothing is given up in silence: a person sees a saga that waits, and may abandon it, and what is
//! then left undone is written down.
//!
//! | room | what lives there |
//! |---|---|
//! | `oido` | what it hears: from the log, from the neighbours, from a timer, from a person |
//! | `event` | what it remembers |
//! | `peticion` | what it asks for, derived from what it remembers |
//! | `paso` | the steps, the orders to neighbours, the commands to the ingesta |
//! | `plan` | how long it waits, how often it tries |
//! | `state` | what its events add up to |
//! | `decide`, `avance`, `compensacion` | the rules |
//!
//! It sends nothing and knows no topic: who runs it does.
//!
//! ```
//! use ingesta_domain::saga::{EstadoSaga, Entrada, Oido, Paso, Plan, Respuesta, SagaIngesta, apply, decide};
//!
//! let ahora = "2025-03-01T12:00:00Z".parse()?;
//! let mut saga = SagaIngesta::default();
//! let hecho = |paso| Entrada::respuesta(paso, Respuesta::Hecho);
//! for oido in [
//!     Entrada::ImagenVerificada { modalidad: None, plan: Plan::default() },
//!     Entrada::ProcesoIniciado,
//!     hecho(Paso::Anonimizado),
//!     hecho(Paso::Anonimizado), // twice: nothing new
//!     hecho(Paso::Etiquetado),
//! ] {
//!     for event in decide(&saga, Oido::Dicho(oido), ahora)? {
//!         apply(&mut saga, event);
//!     }
//! }
//! assert_eq!(saga.estado(), Some(EstadoSaga::Limpiando));
//!
//! // a person may not begin again what has not begun
//! let refused = decide(&SagaIngesta::default(), Oido::Reintentar, ahora).unwrap_err();
//! assert_eq!(refused.code(), "saga_no_existe");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod avance;
mod compensacion;
mod decide;
mod error;
mod estado;
mod event;
mod motivo;
mod oido;
mod paso;
mod peticion;
mod plan;
mod state;

pub use decide::decide;
pub use error::SagaError;
pub use estado::{EstadoSaga, FinIngesta};
pub use event::{
    ComandoPedido, ComandoRechazado, CompensacionIniciada, IngestaTerminada, OrdenEnviada,
    PasoFallido, PasoHecho, PasoRevertido, ProcesoAdelantado, SagaAbandonada, SagaEvent,
    SagaIniciada, SagaTerminada,
};
pub use motivo::{Causa, MotivoSaga};
pub use oido::{Entrada, Oido, Respuesta};
pub use paso::{ComandoSaga, Envio, Orden, Paso};
pub use peticion::{Accion, Peticion, peticiones};
pub use plan::Plan;
pub use state::{DatosSaga, SagaIngesta, apply};
