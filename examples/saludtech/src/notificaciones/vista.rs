//! The view behind the list: one row for each notification.

use chrono::{DateTime, Utc};
use cqrs_es::{EventEnvelope, View};
use ingesta_event_store::{Database, EventCodec};
use ingesta_projections::{ProjectionSubscriber, TableName, ViewProjection};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Asunto, EstadoNotificacion, Notificacion, NotificacionEvent};

/// The subscription and its table.
pub(super) const VISTA: &str = "vista_notificaciones";

pub(super) type Projection =
    ProjectionSubscriber<ViewProjection<Notificacion, VistaDeNotificacion>>;

pub(super) fn projection(database: &Database) -> Projection {
    let table = TableName::new(VISTA).expect("it is the name of a table");
    let projection = ViewProjection::new(VISTA, table, EventCodec::default());
    ProjectionSubscriber::new(database, projection)
}

/// A notification as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificacionVista {
    /// About which ingesta.
    pub id_ingesta: Uuid,
    /// What about.
    pub asunto: Asunto,
    /// Where it stands.
    pub estado: EstadoNotificacion,
    /// Tries begun.
    pub intentos: u32,
    /// Why the last try failed, or is not known.
    pub codigo: Option<String>,
    /// When what it tells of happened.
    pub suceso: DateTime<Utc>,
    /// When its last event happened.
    pub fecha: DateTime<Utc>,
}

/// The view of one notification; empty before its first event.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct VistaDeNotificacion(pub(super) Option<NotificacionVista>);

impl View<Notificacion> for VistaDeNotificacion {
    fn update(&mut self, event: &EventEnvelope<Notificacion>) {
        if let NotificacionEvent::NotificacionPedida {
            id_ingesta,
            asunto,
            suceso,
            fecha,
        } = event.payload
        {
            self.0 = Some(NotificacionVista {
                id_ingesta,
                asunto,
                estado: EstadoNotificacion::Pedida,
                intentos: 0,
                codigo: None,
                suceso,
                fecha,
            });
        }
        let Some(row) = &mut self.0 else { return };
        match &event.payload {
            NotificacionEvent::NotificacionPedida { .. } => {}
            NotificacionEvent::NotificacionReabierta { fecha } => {
                row.estado = EstadoNotificacion::Pedida;
                row.fecha = *fecha;
            }
            NotificacionEvent::EnvioIniciado { intento, fecha } => {
                (row.estado, row.intentos) = (EstadoNotificacion::Enviando, *intento);
                row.fecha = *fecha;
            }
            NotificacionEvent::EnvioHecho { fecha, .. } => {
                (row.estado, row.codigo) = (EstadoNotificacion::Enviada, None);
                row.fecha = *fecha;
            }
            NotificacionEvent::EnvioFallido {
                codigo,
                definitivo,
                fecha,
                ..
            } => {
                row.estado = if *definitivo {
                    EstadoNotificacion::Fallida
                } else {
                    EstadoNotificacion::Pedida
                };
                (row.codigo, row.fecha) = (Some(codigo.clone()), *fecha);
            }
            NotificacionEvent::EnvioDesconocido { codigo, fecha, .. } => {
                row.estado = EstadoNotificacion::Desconocida;
                (row.codigo, row.fecha) = (Some(codigo.clone()), *fecha);
            }
        }
    }
}
