//! `Suceso`: one line in the log of a saga.
//!
//! Promises: an order that is sent again and again is one line that counts; nothing that a person
//! wrote is in a line.

use chrono::{DateTime, Utc};
use ingesta_domain::saga::SagaEvent;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One line in the log of a saga.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Suceso {
    /// What happened.
    #[schema(example = "OrdenEnviada")]
    pub evento: String,
    /// The order, step, command or end that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "IniciarEtiquetado")]
    pub sobre: Option<String>,
    /// Why, as a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codigo: Option<String>,
    /// How often, for an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intento: Option<u32>,
    /// When; for an order that was sent again, the latest time.
    pub fecha: DateTime<Utc>,
}

impl Suceso {
    /// Takes its place in the log, or that of the earlier sending of the same order.
    pub(super) fn unir(self, historia: &mut Vec<Self>) {
        let alike = |last: &&mut Self| {
            last.evento == self.evento
                && last.sobre == self.sobre
                && last
                    .intento
                    .is_some_and(|before| Some(before) < self.intento)
        };
        match historia.last_mut().filter(alike) {
            Some(last) => *last = self,
            None => historia.push(self),
        }
    }
}

/// The line of an event.
pub(super) fn suceso(event: &SagaEvent) -> Suceso {
    let (mut codigo, mut intento) = (None, None);
    let sobre = match event {
        SagaEvent::ProcesoAdelantado(_) | SagaEvent::SagaIniciada(_) => None,
        SagaEvent::ComandoPedido(e) => Some(e.comando.to_string()),
        SagaEvent::OrdenEnviada(e) => {
            intento = Some(e.envio.intento);
            Some(e.envio.orden.to_string())
        }
        SagaEvent::PasoHecho(e) => Some(e.envio.orden.paso().to_string()),
        SagaEvent::PasoFallido(e) => {
            codigo = e.codigo.as_ref().map(ToString::to_string);
            codigo = codigo.or_else(|| Some(e.causa.as_str().to_owned()));
            Some(e.envio.orden.paso().to_string())
        }
        SagaEvent::CompensacionIniciada(e) => {
            codigo = Some(e.motivo.causa.as_str().to_owned());
            None
        }
        SagaEvent::PasoRevertido(e) => Some(e.envio.orden.paso().to_string()),
        SagaEvent::ComandoRechazado(e) => {
            codigo = Some(e.codigo.to_string());
            Some(e.comando.to_string())
        }
        SagaEvent::IngestaTerminada(e) => Some(e.fin.to_string()),
        SagaEvent::SagaAbandonada(_) => None,
        SagaEvent::SagaTerminada(e) => Some(e.estado.to_string()),
    };
    Suceso {
        evento: event.tipo().to_owned(),
        sobre,
        codigo,
        intento,
        fecha: event.fecha(),
    }
}
