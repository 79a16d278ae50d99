//! The two topics that tell of something worth an e-mail.
//!
//! Promises: of an event only the ingesta and the instant are read; one without an ingesta is
//! refused for good.

use std::sync::Arc;

use async_trait::async_trait;
use ingesta_kafka::inbox::{HandleError, Handler};
use ingesta_kafka::message::IncomingMessage;
use serde::Deserialize;
use uuid::Uuid;

use super::manejador::{Manejador, Suceso};
use super::{Asunto, Pedir};
use crate::mensajes::{Lector, Topico, ahora, id_notificacion, nombre, repeticiones};

#[derive(Deserialize)]
struct Datos {
    id_ingesta: Option<String>,
}

/// Handles the messages of one topic.
pub(super) struct Puerta {
    lector: Lector,
    asunto: Asunto,
    manejador: Arc<Manejador>,
}

impl Puerta {
    pub(super) fn new(
        topico: Topico,
        asunto: Asunto,
        manejador: Arc<Manejador>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            lector: Lector::new(topico)?,
            asunto,
            manejador,
        })
    }
}

#[async_trait]
impl Handler for Puerta {
    async fn handle(&self, message: &IncomingMessage) -> Result<(), HandleError> {
        let recibido = self.lector.leer::<Datos>(message).await?;
        let said = recibido.datos.id_ingesta.as_deref().unwrap_or_default();
        let id_ingesta = Uuid::parse_str(said.trim()).map_err(|_| {
            HandleError::poison("id_ingesta_invalido", "the event names no ingesta")
        })?;
        let asunto = self.asunto;
        let fecha = ahora();
        let suceso = Suceso {
            id: id_notificacion(&recibido.id),
            // Without the instant, which is another at each delivery.
            contexto: recibido.contexto(&(id_ingesta, asunto)),
            seguido: recibido.sin_nombre(),
            repeticion: match repeticiones(message) {
                0 => None,
                times => Some(nombre(
                    recibido.topico(),
                    &format!("{}/replay/{times}", recibido.id),
                )),
            },
            origen: recibido.id.clone(),
            pedir: Pedir {
                id_ingesta,
                asunto,
                suceso: recibido.fecha.unwrap_or(fecha),
                fecha,
            },
        };
        self.manejador.avisar(suceso).await
    }
}
