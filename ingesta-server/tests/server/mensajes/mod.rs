//! Messages: their committed schemas, and what is told of each event, byte by byte.

mod asyncapi;
mod bytes;
mod esquemas;
mod indice;
mod muestra;
mod ordenes;
mod rutas;
mod traduccion;
