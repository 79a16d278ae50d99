//! `ingestas`: an image that was refused has its ingesta refused, for the same reasons.

use async_trait::async_trait;
use chrono::Utc;
use ingesta_domain::imagen::{Imagen, ImagenEvent};
use ingesta_domain::ingesta::{IngestaError, RechazarIngesta};
use ingesta_domain::valor::EstadoIngesta;
use ingesta_event_store::subscription::{ConsumeError, Effect, Subscriber};
use ingesta_event_store::{EventCodec, RecordedEvent, TypeFilter};

use super::causa::{command_id, context};
use super::entrega::{Fallo, Reaccion, entregar, evento, juzgar, leer};
use crate::comandos::Despachador;
use crate::registry::INGESTAS;

/// Follows images and commands their ingestas.
pub struct ReaccionIngestas {
    despachador: Despachador,
    codec: EventCodec,
}

impl ReaccionIngestas {
    /// Over this dispatcher; `codec` is the one that the events were written with.
    #[must_use]
    pub fn new(despachador: Despachador, codec: EventCodec) -> Self {
        Self { despachador, codec }
    }
}

impl Reaccion for ReaccionIngestas {
    async fn reaccionar(&self, event: &RecordedEvent) -> Result<(), Fallo> {
        for (part, payload) in leer::<Imagen>(&self.codec, event)?.into_iter().enumerate() {
            let rechazada = match payload {
                ImagenEvent::ImagenRechazada(e) => e,
                ImagenEvent::ImagenVerificada(_) | ImagenEvent::ImagenRevertida(_) => continue,
            };
            let command = RechazarIngesta {
                motivos: rechazada.motivos,
                fecha: Utc::now(),
            };
            let name = Some(command_id(INGESTAS, event, part));
            let ended = self
                .despachador
                .ejecutar(
                    rechazada.id_ingesta,
                    command,
                    name,
                    context(INGESTAS, event),
                )
                .await;
            juzgar(ended, rechazo)?;
        }
        Ok(())
    }
}

/// Which refusals mean that the verdict came too late to matter.
fn rechazo(error: IngestaError) -> Result<(), Fallo> {
    match error {
        IngestaError::TransicionInvalida { estado, .. } => match estado {
            // It has ended already, and an end is not taken back.
            EstadoIngesta::Finalizada | EstadoIngesta::Eliminada | EstadoIngesta::Fallida => Ok(()),
            // A person is deciding about it and sees the verdict on the image.
            EstadoIngesta::Alertada => Ok(()),
            EstadoIngesta::Creada | EstadoIngesta::Pendiente | EstadoIngesta::Rechazada => {
                Err(refused(&error))
            }
        },
        // The enum may grow: what is not known here is not taken for done.
        other @ (IngestaError::IngestaNoExiste
        | IngestaError::IngestaYaExiste { .. }
        | IngestaError::SinMotivos
        | IngestaError::Valor(_)
        | _) => Err(refused(&other)),
    }
}

fn refused(error: &IngestaError) -> Fallo {
    evento(
        "refused",
        format!("the ingesta refused the command: {}", error.code()),
    )
}

#[async_trait]
impl Subscriber for ReaccionIngestas {
    fn name(&self) -> &str {
        INGESTAS
    }

    fn types(&self) -> TypeFilter {
        TypeFilter::of::<Imagen>()
    }

    async fn consume(&self, batch: &[RecordedEvent]) -> Result<Vec<Effect>, ConsumeError> {
        entregar(self, batch).await?;
        Ok(Vec::new())
    }
}
