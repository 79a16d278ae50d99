//! The saga of an ingesta: samples, stories, and a world that is not kind to it.

mod explorador;
mod historias;
mod muestra;
mod mundo;

pub(crate) use muestra::eventos_saga;
