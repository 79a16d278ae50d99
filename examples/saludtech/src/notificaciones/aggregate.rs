//! The state of one notification, and the glue to cqrs-es.

use chrono::{DateTime, Utc};
use clap::ValueEnum;
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::decide::{NotificacionCommand, NotificacionError, decide};
use super::{Asunto, NotificacionEvent};

/// Where a notification stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum EstadoNotificacion {
    /// It is to be sent.
    #[default]
    Pedida,
    /// A try is under way.
    Enviando,
    /// The sender has taken it.
    Enviada,
    /// Nobody knows whether the sender has taken it.
    Desconocida,
    /// The sender has not taken it, and no further try follows.
    Fallida,
}

impl EstadoNotificacion {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pedida => "pedida",
            Self::Enviando => "enviando",
            Self::Enviada => "enviada",
            Self::Desconocida => "desconocida",
            Self::Fallida => "fallida",
        }
    }
}

/// What is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pedido {
    /// About which ingesta.
    pub id_ingesta: Uuid,
    /// What about.
    pub asunto: Asunto,
    /// When what it tells of happened.
    pub suceso: DateTime<Utc>,
}

/// One notification.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notificacion {
    /// What is to be told; `None`: it was not asked for yet.
    pub pedido: Option<Pedido>,
    /// Where it stands.
    pub estado: EstadoNotificacion,
    /// Tries begun, in all.
    pub intentos: u32,
    /// Tries begun before a person asked for it again.
    pub intentos_de_antes: u32,
    /// Why the last try failed, or is not known.
    pub codigo: Option<String>,
}

impl Notificacion {
    /// Tries begun since it was asked for, or asked for again.
    #[must_use]
    pub fn intentos_de_ahora(&self) -> u32 {
        self.intentos - self.intentos_de_antes
    }
}

impl Aggregate for Notificacion {
    const TYPE: &'static str = "Notificacion";
    type Command = NotificacionCommand;
    type Event = NotificacionEvent;
    type Error = NotificacionError;
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
            NotificacionEvent::NotificacionPedida {
                id_ingesta,
                asunto,
                suceso,
                ..
            } => {
                self.pedido = Some(Pedido {
                    id_ingesta,
                    asunto,
                    suceso,
                });
            }
            NotificacionEvent::NotificacionReabierta { .. } => {
                self.estado = EstadoNotificacion::Pedida;
                self.intentos_de_antes = self.intentos;
            }
            NotificacionEvent::EnvioIniciado { intento, .. } => {
                self.estado = EstadoNotificacion::Enviando;
                self.intentos = intento;
            }
            NotificacionEvent::EnvioHecho { .. } => {
                self.estado = EstadoNotificacion::Enviada;
                self.codigo = None;
            }
            NotificacionEvent::EnvioFallido {
                codigo, definitivo, ..
            } => {
                self.codigo = Some(codigo);
                self.estado = if definitivo {
                    EstadoNotificacion::Fallida
                } else {
                    EstadoNotificacion::Pedida
                };
            }
            NotificacionEvent::EnvioDesconocido { codigo, .. } => {
                self.codigo = Some(codigo);
                self.estado = EstadoNotificacion::Desconocida;
            }
        }
    }
}
