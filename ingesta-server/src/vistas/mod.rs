//! What the read side keeps: one fold of the log per question, each in a table of its own.
//!
//! Promises: a view never runs a rule of the domain again, so no stored event can make it fail
//! (defect B-27 of the system that this one replaces). A view is what HTTP answers, so a change of
//! its fields is a change of the interface; it gets a new name and a new table in
//! [`crate::registry`].
//! What is not here: waiting and reading, which is [`crate::consultas`].

mod esquema;
mod hecho;
mod imagen;
mod ingesta;
mod saga;
mod suceso;

pub use hecho::Hecho;
pub use imagen::{FilaImagen, ImagenVista};
pub use ingesta::{FilaIngesta, IngestaVista};
pub use saga::{Espera, FilaSaga, SagaVista};
pub use suceso::Suceso;
