//! The write side: what a command is here, and the one dispatcher that takes them all.
//!
//! Promises: every command is a type of the domain with one aggregate, one kind of id and one
//! handler (the aggregate's `decide`, run by the event store); the same wish has the same
//! fingerprint. Queries are in another room and never pass here.
//! No rule lives here.

mod despachador;
mod imagen;
mod ingesta;
mod outcome;
mod recibido;

use cqrs_es::Aggregate;
use ingesta_event_store::{Commands, fingerprint};
use serde::Serialize;

pub use despachador::{ComandoError, Despachador};
pub use ingesta::ComandoDeIngesta;
pub(crate) use outcome::outcome;
pub(crate) use recibido::{CrearIngestaRecibida, nombre};

/// A command: what is asked of one aggregate.
pub trait Comando:
    Into<<Self::Agregado as Aggregate>::Command> + Serialize + Send + Sync + 'static
{
    /// The aggregate whose rules decide it.
    type Agregado: Despachable;
    /// The id of that aggregate.
    type Id: ToString + Send + Sync;
    /// Its name: the word of the glossary, in metrics and in fingerprints.
    const NOMBRE: &'static str;
    /// True if it begins an aggregate, so that loading it first would find nothing.
    const CREA: bool = false;

    /// A hash of the wish: a repeat with the same command id must have the same one.
    fn huella(&self, id: &Self::Id) -> Vec<u8> {
        fingerprint(&(Self::NOMBRE, id.to_string(), self))
    }
}

/// An aggregate that the dispatcher knows how to reach.
pub trait Despachable:
    Aggregate<Command: Clone + Send + Sync + 'static, Services: 'static, Error: Send + 'static>
    + 'static
{
    /// The one handler of its commands.
    fn manejador(despachador: &Despachador) -> &Commands<Self>;
}
