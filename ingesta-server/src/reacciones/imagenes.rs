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

/// Follows ingestas and commands their images. The consumers of a topic do the same through it.
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

    /// Whether anything follows from this event for the image of its ingesta.
    pub(crate) fn concierne(&self, event: &RecordedEvent) -> Result<bool, Fallo> {
        let (_, parts) = self.comandos(event)?;
        Ok(parts.iter().any(Option::is_some))
    }

    /// Does what follows from this event, however often and by whichever way it is heard of.
    pub(crate) async fn ante(&self, event: &RecordedEvent) -> Result<(), Fallo> {
        let (id, parts) = self.comandos(event)?;
        for (part, command) in parts.into_iter().enumerate() {
            let Some(command) = command else { continue };
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

    /// The image that the event is about, and the command that each part of the event causes.
    fn comandos(
        &self,
        event: &RecordedEvent,
    ) -> Result<(IdImagen, Vec<Option<ImagenCommand>>), Fallo> {
        let parts = leer::<Ingesta>(&self.codec, event)?;
        let id_ingesta: IdIngesta = event
            .stream
            .aggregate_id
            .parse()
            .map_err(|_| evento("id_invalid", "the stream's id is not a uuid"))?;
        let commands = parts
            .iter()
            .map(|payload| reaccion(id_ingesta, payload, Utc::now()));
        Ok((IdImagen::de_ingesta(id_ingesta), commands.collect()))
    }
}

impl Reaccion for ReaccionImagenes {
    async fn reaccionar(&self, event: &RecordedEvent) -> Result<(), Fallo> {
        self.ante(event).await
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
