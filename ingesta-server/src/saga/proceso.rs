//! The glue between the domain's saga and `ingesta-sagas`.
//!
//! It promises to add nothing: it says in the one's words what the other says in its own.

use chrono::{DateTime, Utc};
use ingesta_domain::saga::{
    Accion, ComandoSaga, Entrada, Oido, Peticion, SagaError, SagaEvent, SagaIngesta, apply, decide,
    peticiones,
};
use ingesta_domain::valor::{Codigo, Motivo};
use ingesta_sagas::{Heard, HeardBy, ProcessManager, Request, RequestBy};
use serde::{Deserialize, Serialize};

/// The saga of one ingesta, as a process manager.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Proceso(SagaIngesta);

impl Proceso {
    /// The domain's own state.
    #[must_use]
    pub const fn saga(&self) -> &SagaIngesta {
        &self.0
    }
}

impl ProcessManager for Proceso {
    const TYPE: &'static str = "SagaIngesta";
    type Input = Entrada;
    type Event = SagaEvent;
    type Action = Accion;
    type Error = SagaError;

    fn decide(
        &self,
        heard: HeardBy<Self>,
        now: DateTime<Utc>,
    ) -> Result<Vec<SagaEvent>, SagaError> {
        let oido = match heard {
            Heard::Told(entrada) => Oido::Dicho(entrada),
            Heard::TimerFired { timer } => Oido::Plazo(timer),
            Heard::Refused { action, code } => match rechazado(&action, &code) {
                Some(oido) => oido,
                // A neighbour refuses by an answer, and nothing else carries an order out.
                None => return Ok(Vec::new()),
            },
            Heard::Retry => Oido::Reintentar,
            Heard::Abandon { reason } => Oido::Abandonar {
                motivo: Motivo::new(reason)?,
            },
        };
        decide(&self.0, oido, now)
    }

    fn apply(&mut self, event: SagaEvent) {
        apply(&mut self.0, event);
    }

    fn requests(event: &SagaEvent) -> Vec<RequestBy<Self>> {
        let request = |peticion| match peticion {
            Peticion::Hacer(accion) => Request::Act(accion),
            Peticion::PonerPlazo { plazo, despues } => Request::set_timer(plazo, despues),
            Peticion::QuitarPlazo { plazo } => Request::cancel_timer(plazo),
        };
        peticiones(event).into_iter().map(request).collect()
    }
}

fn rechazado(action: &Accion, code: &str) -> Option<Oido> {
    let comando: ComandoSaga = match action {
        Accion::Comando { comando, .. } => *comando,
        Accion::Orden { .. } => return None,
    };
    let codigo = Codigo::recibido(code).or_else(|| Codigo::recibido("rechazado"))?;
    Some(Oido::Rechazado { comando, codigo })
}
