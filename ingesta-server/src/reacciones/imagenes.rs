//! `imagenes`: an ingesta that was created gets its image; one that was undone, has it undone.

use async_trait::async_trait;
use chrono::Utc;
use ingesta_domain::imagen::{ImagenCommand, ImagenError, reaccion};
use ingesta_domain::ingesta::Ingesta;
use ingesta_domain::valor::{IdImagen, IdIngesta};
use ingesta_event_store::subscription::{ConsumeError, Effect, Subscriber};
use ingesta_event_store::{EventCodec, RecordedEvent, TypeFilter};

use super::causa::{command_id, context};
use super::entrega::{Fallo, Reaccion, entregar, evento, juzgar, leer};
use crate::comandos::Despachador;
use crate::registry::IMAGENES;

/// Follows ingestas and commands their images.
pub struct ReaccionImagenes {
    despachador: Despachador,
    codec: EventCodec,
}

impl ReaccionImagenes {
    /// Over this dispatcher; `codec` is the one that the events were written with.
    #[must_use]
    pub fn new(despachador: Despachador, codec: EventCodec) -> Self {
        Self { despachador, codec }
    }
}

impl Reaccion for ReaccionImagenes {
    async fn reaccionar(&self, event: &RecordedEvent) -> Result<(), Fallo> {
        let parts = leer::<Ingesta>(&self.codec, event)?;
        let id_ingesta: IdIngesta = event
            .stream
            .aggregate_id
            .parse()
            .map_err(|_| evento("id_invalid", "the stream's id is not a uuid"))?;
        let id = IdImagen::de_ingesta(id_ingesta);
        for (part, payload) in parts.iter().enumerate() {
            let Some(command) = reaccion(id_ingesta, payload, Utc::now()) else {
                continue;
            };
            let name = Some(command_id(IMAGENES, event, part));
            let context = context(IMAGENES, event);
            let ended = match command {
                ImagenCommand::CrearImagen(c) => {
                    self.despachador.ejecutar(id, c, name, context).await
                }
                ImagenCommand::RevertirImagen(c) => {
                    self.despachador.ejecutar(id, c, name, context).await
                }
            };
            juzgar(ended, rechazo)?;
        }
        Ok(())
    }
}

/// No refusal of an image means that there is nothing to do: both say that something is wrong with
/// the log or with this program, and somebody has to look.
fn rechazo(error: ImagenError) -> Result<(), Fallo> {
    Err(evento(
        "refused",
        format!("the image refused the command: {}", error.code()),
    ))
}

#[async_trait]
impl Subscriber for ReaccionImagenes {
    fn name(&self) -> &str {
        IMAGENES
    }

    fn types(&self) -> TypeFilter {
        TypeFilter::of::<Ingesta>()
    }

    async fn consume(&self, batch: &[RecordedEvent]) -> Result<Vec<Effect>, ConsumeError> {
        entregar(self, batch).await?;
        Ok(Vec::new())
    }
}
