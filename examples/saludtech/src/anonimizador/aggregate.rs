//! The state of one anonymised study, and the glue to cqrs-es.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::decide::{AnonimizadoError, Anonimizar, Limpiar, Revertir, decide};
use super::{AnonimizadoEvent, Seudonimos};
use crate::neighbour::Ejecutor;

/// What is asked of it.
#[derive(Clone, Debug)]
pub enum AnonimizadoCommand {
    /// Anonymise.
    Anonimizar(Anonimizar),
    /// Clean up the raw data.
    Limpiar(Limpiar),
    /// Undo.
    Revertir(Revertir),
    /// Note a delivery that is left without an answer.
    Callar,
    /// Tell the answer at this place of the stream once more.
    Repetir(u64),
}

/// Where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EstadoAnonimizado {
    /// Nothing was done yet.
    #[default]
    Ninguno,
    /// It is anonymised.
    Creado,
    /// It could not be.
    Fallido,
    /// It counts as undone, for ever.
    Revertido,
}

/// One anonymised study.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anonimizado {
    /// Where it stands.
    pub estado: EstadoAnonimizado,
    /// Of which ingesta.
    pub id_ingesta: Option<Uuid>,
    /// What it is called; kept when it is undone.
    pub seudonimos: Option<Seudonimos>,
    /// Whether the raw data is cleaned up.
    pub limpio: bool,
    /// Deliveries that were left without an answer.
    pub calladas: u32,
}

impl Aggregate for Anonimizado {
    const TYPE: &'static str = "Anonimizado";
    type Command = AnonimizadoCommand;
    type Event = AnonimizadoEvent;
    type Error = AnonimizadoError;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        (): &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        for event in decide(self, command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        match event {
            AnonimizadoEvent::AnonimizadoCreado {
                id_ingesta,
                seudonimos,
                ..
            } => {
                self.estado = EstadoAnonimizado::Creado;
                self.id_ingesta = Some(id_ingesta);
                self.seudonimos = Some(seudonimos);
            }
            AnonimizadoEvent::AnonimizadoFallido { id_ingesta, .. } => {
                self.id_ingesta = Some(id_ingesta);
                // A study that is undone or done stays so, whatever was asked for too late.
                if self.estado == EstadoAnonimizado::Ninguno {
                    self.estado = EstadoAnonimizado::Fallido;
                }
            }
            AnonimizadoEvent::AnonimizadoRevertido { id_ingesta, .. } => {
                self.estado = EstadoAnonimizado::Revertido;
                self.id_ingesta = Some(id_ingesta);
            }
            AnonimizadoEvent::LimpiezaHecha { .. } => self.limpio = true,
            AnonimizadoEvent::LimpiezaRechazada { .. } => {}
            AnonimizadoEvent::OrdenCallada {} => self.calladas += 1,
            AnonimizadoEvent::OrdenRepetida { .. } => {}
        }
    }
}

impl Ejecutor for Anonimizado {
    fn callar() -> AnonimizadoCommand {
        AnonimizadoCommand::Callar
    }

    fn repetir(secuencia: u64) -> AnonimizadoCommand {
        AnonimizadoCommand::Repetir(secuencia)
    }

    fn repetida(event: &AnonimizadoEvent) -> Option<u64> {
        let AnonimizadoEvent::OrdenRepetida { secuencia } = event else {
            return None;
        };
        Some(*secuencia)
    }

    fn calladas(&self) -> u32 {
        self.calladas
    }

    fn codigo(error: &AnonimizadoError) -> &'static str {
        error.codigo()
    }
}
