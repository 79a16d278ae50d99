//! The neighbours as processes beside a real broker: commands in, answers out, whatever happens.

mod anonimizador;
mod caidas;
mod demo;
mod etiquetado;
mod notificaciones;
mod oyente;
mod privacidad;
mod proceso;
mod python;
mod smtp;
mod stage;
