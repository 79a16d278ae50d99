//! What this server tells others in messages, and how: an interface of its own, apart from the log.
//!
//! Promises: events of the domain and the data of messages are different types, so that either can
//! change alone; each event has an arm that says on which topics it is told; the same event gives
//! the same bytes for ever; free text leaves on no topic, an image's address only on one that lies
//! inside the trust zone, as the order to anonymise it does.
//! Does not: talk to a broker. The relay carries what is made here, and another room reads commands.

mod asyncapi;
mod creacion;
mod datos;
mod en_vivo;
mod envelope;
mod esquemas;
mod imagen;
mod ingesta;
mod leido;
mod ordenes;
mod rutas;
mod saga;

pub use asyncapi::asyncapi;
pub use en_vivo::EnVivo;
pub(crate) use envelope::{CAUSATION, CORRELATION};
pub use esquemas::{Esquema, Trato, esquemas};
pub use imagen::TraductorImagen;
pub use ingesta::TraductorIngesta;
pub use rutas::{Format, RouteError, Ruta, RutaComando, Rutas};
pub use saga::TraductorSaga;
