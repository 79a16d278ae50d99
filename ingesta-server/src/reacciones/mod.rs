//! What an event of one aggregate causes on another: subscriptions that answer with a command.
//!
//! Promises: each command is named after the subscription and its event, so a redelivery does
//! nothing; it carries the conversation of its cause. A refusal that means "already beyond" is
//! written out as done, case by case; any other parks the stream. A store that is away parks
//! nothing.
//! The decisions themselves are the domain's, where they are more than a translation.

mod causa;
mod entrega;
mod imagenes;
mod ingestas;

pub(crate) use entrega::Fallo;
pub use imagenes::ReaccionImagenes;
pub use ingestas::ReaccionIngestas;
