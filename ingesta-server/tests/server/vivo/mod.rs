//! Live feeds of the whole server: what browsers see, in which order, across restarts.

mod feed;
mod lector;
mod limites;
mod quinientos;
mod reinicio;
mod vacio;
