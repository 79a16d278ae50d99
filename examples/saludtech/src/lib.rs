//! The services beside the ingestion control plane, each a small program on Ingesta's crates.
//!
//! They speak to the control plane over Kafka topics alone: commands come in, answers go out of each
//! service's own log. None of them knows the control plane's domain.

pub mod anonimizador;
pub mod cli;
pub mod demo;
pub mod etiquetado;
pub mod fallos;
pub mod mensajes;
pub mod neighbour;
pub mod notificaciones;
