//! The aggregate `Imagen`: what is known about the image of one ingesta. Never its pixels.
//!
//! ```text
//!                                 every fact well formed
//!     CrearImagen --- verify ----------------------------> verificada ---+
//!                       |                                                | RevertirImagen
//!                       |  address or a fact is wrong                    v
//!                       +--------------------------------> rechazada --> revertida
//! ```
//!
//! Promises: one image per ingesta, also when its creation is delivered twice
//! ([`IdImagen::de_ingesta`](crate::valor::IdImagen::de_ingesta)); the verdict is a function of what was
//! declared and never of chance (B-38). The rooms are the same as in [`crate::ingesta`]; in addition
//! `reaccion` says which command an event of the ingesta causes.

mod aggregate;
mod command;
mod decide;
mod error;
mod event;
mod reaccion;
mod state;

pub use command::{CrearImagen, ImagenCommand, RevertirImagen};
pub use decide::{decide, verificar};
pub use error::ImagenError;
pub use event::{ImagenEvent, ImagenRechazada, ImagenRevertida, ImagenVerificada};
pub use reaccion::reaccion;
pub use state::{DatosImagen, Imagen, apply};
