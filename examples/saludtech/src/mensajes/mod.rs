//! The messages of the landscape: topics, their schemas, and what travels around the data.
//!
//! Promises: what is written is FULL and has the headers of a CloudEvent; what is read has the shape
//! that its topic has; a refusal has a code and quotes nothing.
//! It does not know what a message asks for; each neighbour does.

mod enviado;
mod ids;
mod recibido;
mod topicos;

pub use enviado::{Respuesta, Salida, instante};
pub use ids::{id_anonimizado, id_etiquetado, id_notificacion};
pub(crate) use recibido::ahora;
pub use recibido::{Lector, Recibido, nombre, repeticiones};
pub use topicos::{Topico, Topicos};
