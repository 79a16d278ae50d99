//! The server beside an Apache Kafka: commands from topics, events to topics, and what an operator sees.

mod apartados;
mod ausente;
mod base_muerta;
mod caidas;
#[cfg(feature = "tls")]
mod cifrado;
mod comandos;
mod contado;
mod credenciales;
mod grupo;
mod imagenes;
mod llegada;
mod mesa;
mod operador;
mod publicados;
mod python;
mod relevo;
pub(crate) mod stage;
mod topicos;
