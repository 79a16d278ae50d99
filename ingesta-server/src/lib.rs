//! The SaludTech server: the one room that knows the domain and its adapters.
//!
//! | room | what lives there |
//! |---|---|
//! | [`app`] | the composition root: a database goes in, a running server comes out |
//! | [`comandos`] | the write side: every command, one dispatcher |
//! | [`entradas`] | the door of the topics: commands that arrive as messages, answers to sagas |
//! | [`consultas`] | the read side: every query, one dispatcher |
//! | [`vistas`] | what the read side keeps: folds of the log, in tables |
//! | [`reacciones`] | what an event of one aggregate causes on another |
//! | [`saga`] | the saga of an ingesta at work: what it hears, and what it asks for |
//! | [`mensajes`] | what is told to others in messages, and how |
//! | [`registry`] | the names of everything that follows the log |
//! | [`cli`], [`config`], [`telemetry`] | the `ingesta` command line |
//!
//! The HTTP door is private: its description is [`openapi`].

pub mod acceso;
pub mod app;
pub mod cli;
pub mod comandos;
pub mod config;
pub mod consultas;
pub mod entradas;
mod http;
pub mod mensajes;
mod operacion;
pub mod reacciones;
pub mod registry;
pub mod saga;
pub mod telemetry;
pub mod vistas;

pub use app::{App, AppError, AppOptions, Follow};
pub use http::{openapi, permisos, sdl};
