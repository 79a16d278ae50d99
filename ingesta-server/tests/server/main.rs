//! The server from outside: HTTP, the command line, and what happens behind them.

mod acceso;
mod cli;
mod contrato;
mod cortes;
mod crear;
mod graphql;
mod guardados;
mod historia;
mod imagenes;
mod kafka;
mod lectura;
mod mensajes;
mod openapi;
mod pagina;
mod procesos;
mod registro;
mod repeticion;
mod saga;
mod salud;
mod test_app;
mod tiempo;
mod transiciones;
mod unidad;
mod vivo;
