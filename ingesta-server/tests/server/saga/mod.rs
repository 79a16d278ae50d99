//! Sagas on a real broker, beside neighbours that the tests play.

mod caminos;
mod consola;
mod faltas;
mod mesa;
mod muertes;
mod personas;
mod vecinos;
