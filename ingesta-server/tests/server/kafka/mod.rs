//! The server beside an Apache Kafka: commands from topics, events to topics, and what an operator sees.

mod ausente;
mod caidas;
mod comandos;
mod operador;
mod publicados;
mod stage;
