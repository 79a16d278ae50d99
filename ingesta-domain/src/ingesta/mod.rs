//! The aggregate `Ingesta`: one hand-in of a medical image by a provider, from acceptance to its end.
//!
//! ```text
//!                    CrearIngesta
//!                         |
//!                         v        IniciarProceso              FinalizarIngesta
//!                      Creada ------------------> Pendiente ---------------------> Finalizada *
//!                         |                        |     |                             ^
//!                         |                        |     | AlertarIngesta              |
//!                         |                        |     v             FinalizarIngesta|
//!                         |                        |  Alertada ------------------------+
//!                         |                        |     |
//!     RechazarIngesta     +---------->-------------+     |            ----> Rechazada  *
//!     RevertirIngesta     +---------->-------------+-----+            ----> Fallida    *
//!     EliminarIngesta     +---------->-------------------+            ----> Eliminada  *
//!                                                                     * terminal
//! ```
//!
//! Promises: every arrow is a row of [`decide()`]; anything else is refused with the current state; a command
//! that finds its own end state is answered as already done, with no event.
//! One concern a file: words that come in (`command`), facts that stay (`event`), what they add up
//! to (`state`), the rules (`decide`), the refusals (`error`), the glue to cqrs-es (`aggregate`).

mod aggregate;
mod command;
mod decide;
mod error;
mod event;
mod state;

pub use command::{
    AlertarIngesta, CrearIngesta, EliminarIngesta, FinalizarIngesta, IngestaCommand,
    IniciarProceso, RechazarIngesta, RevertirIngesta,
};
pub use decide::decide;
pub use error::IngestaError;
pub use event::{
    IngestaAlertada, IngestaCreada, IngestaEliminada, IngestaEvent, IngestaFinalizada,
    IngestaRechazada, IngestaRevertida, ProcesoIniciado,
};
pub use state::{DatosIngesta, Ingesta, apply};
