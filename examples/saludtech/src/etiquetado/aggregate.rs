//! The state of one labelling, and the glue to cqrs-es.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::decide::{EtiquetadoError, Etiquetar, Revertir, decide};
use super::{EtiquetadoEvent, Etiquetas};
use crate::neighbour::Ejecutor;

/// What is asked of it.
#[derive(Clone, Debug)]
pub enum EtiquetadoCommand {
    /// Label.
    Etiquetar(Etiquetar),
    /// Undo.
    Revertir(Revertir),
    /// Note a delivery that is left without an answer.
    Callar,
    /// Tell the answer at this place of the stream once more.
    Repetir(u64),
}

/// Where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EstadoEtiquetado {
    /// Nothing was done yet.
    #[default]
    Ninguno,
    /// It is labelled.
    Creado,
    /// It was refused.
    Rechazado,
    /// It counts as undone, for ever.
    Revertido,
}

/// One labelling.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Etiquetado {
    /// Where it stands.
    pub estado: EstadoEtiquetado,
    /// Of which ingesta.
    pub id_ingesta: Option<Uuid>,
    /// The labels; kept when they are undone.
    pub etiquetas: Option<Etiquetas>,
    /// Deliveries that were left without an answer.
    pub calladas: u32,
}

impl Aggregate for Etiquetado {
    const TYPE: &'static str = "Etiquetado";
    type Command = EtiquetadoCommand;
    type Event = EtiquetadoEvent;
    type Error = EtiquetadoError;
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
            EtiquetadoEvent::EtiquetadoCreado {
                id_ingesta,
                etiquetas,
                ..
            } => {
                self.estado = EstadoEtiquetado::Creado;
                self.id_ingesta = Some(id_ingesta);
                self.etiquetas = Some(etiquetas);
            }
            EtiquetadoEvent::EtiquetadoRechazado { id_ingesta, .. } => {
                self.id_ingesta = Some(id_ingesta);
                // What is undone stays so, whatever was asked for too late.
                if self.estado == EstadoEtiquetado::Ninguno {
                    self.estado = EstadoEtiquetado::Rechazado;
                }
            }
            EtiquetadoEvent::EtiquetadoRevertido { id_ingesta, .. } => {
                self.estado = EstadoEtiquetado::Revertido;
                self.id_ingesta = Some(id_ingesta);
            }
            EtiquetadoEvent::OrdenCallada {} => self.calladas += 1,
            EtiquetadoEvent::OrdenRepetida { .. } => {}
        }
    }
}

impl Ejecutor for Etiquetado {
    fn callar() -> EtiquetadoCommand {
        EtiquetadoCommand::Callar
    }

    fn repetir(secuencia: u64) -> EtiquetadoCommand {
        EtiquetadoCommand::Repetir(secuencia)
    }

    fn repetida(event: &EtiquetadoEvent) -> Option<u64> {
        let EtiquetadoEvent::OrdenRepetida { secuencia } = event else {
            return None;
        };
        Some(*secuencia)
    }

    fn calladas(&self) -> u32 {
        self.calladas
    }

    fn codigo(error: &EtiquetadoError) -> &'static str {
        error.codigo()
    }
}
