//! What a saga asks of its ingesta, through the one dispatcher.
//!
//! Promises: a command is named after the saga's event, so that asking twice is asking once; a
//! refusal is told to the saga by its code; an order to a neighbour is left to the relay.

use async_trait::async_trait;
use chrono::Utc;
use ingesta_domain::ingesta::{
    AlertarIngesta, FinalizarIngesta, IngestaError, IniciarProceso, RevertirIngesta,
};
use ingesta_domain::saga::{Accion, Causa, ComandoSaga, MotivoSaga};
use ingesta_domain::valor::{EstadoIngesta, IdIngesta};
use ingesta_event_store::{CommandContext, CommandError, Executed};
use ingesta_sagas::{Acted, ActionSink, Asked, Trouble};

use crate::comandos::Despachador;
use crate::registry::ACCIONES_SAGA;

/// The way from a saga to its ingesta.
pub(crate) struct Acciones {
    despachador: Despachador,
}

impl Acciones {
    pub(crate) fn new(despachador: Despachador) -> Self {
        Self { despachador }
    }

    async fn comandar(
        &self,
        id: IdIngesta,
        comando: ComandoSaga,
        motivo: Option<MotivoSaga>,
        (name, context): (String, CommandContext),
    ) -> Result<Executed, CommandError<IngestaError>> {
        let (fecha, ingestas, name) = (Utc::now(), &self.despachador, Some(name));
        // The domain gives a reason to both commands that need one.
        let motivo = || motivo.unwrap_or(MotivoSaga::general(Causa::SinRespuesta));
        match comando {
            ComandoSaga::IniciarProceso => {
                let command = IniciarProceso { fecha };
                ingestas.ejecutar(id, command, name, context).await
            }
            ComandoSaga::FinalizarIngesta => {
                let command = FinalizarIngesta { fecha };
                ingestas.ejecutar(id, command, name, context).await
            }
            ComandoSaga::AlertarIngesta => {
                let motivo = motivo().texto();
                let command = AlertarIngesta { motivo, fecha };
                ingestas.ejecutar(id, command, name, context).await
            }
            ComandoSaga::RevertirIngesta => {
                let motivo = motivo().texto();
                let command = RevertirIngesta { motivo, fecha };
                ingestas.ejecutar(id, command, name, context).await
            }
        }
    }
}

#[async_trait]
impl ActionSink<Accion> for Acciones {
    async fn act(&self, asked: Asked<Accion>) -> Result<Acted, Trouble> {
        let (comando, motivo) = match asked.action {
            Accion::Comando { comando, motivo } => (comando, motivo),
            // The relay of this very stream publishes it.
            Accion::Orden { .. } => return Ok(Acted::Done),
        };
        let id: Result<IdIngesta, _> = asked.saga_id.parse();
        let id = id.map_err(|_| Trouble::event("id_invalid", "the stream's id is not a uuid"))?;
        let name = format!("{ACCIONES_SAGA}/{}", asked.id);
        let context = CommandContext::default().with_metadata(asked.metadata);
        let ended = self.comandar(id, comando, motivo, (name, context)).await;
        if comando == ComandoSaga::IniciarProceso && ha_comenzado(&ended) {
            return Ok(Acted::Done);
        }
        Acted::of_command(ended, |refusal| {
            let code = refusal.code().to_owned();
            Ok(Acted::Refused { code })
        })
    }
}

/// Whether the ingesta refuses to begin because a person has begun it and called for another one since:
/// it has begun, which the log tells the saga, and has not ended.
fn ha_comenzado(ended: &Result<Executed, CommandError<IngestaError>>) -> bool {
    let Err(CommandError::Refused(IngestaError::TransicionInvalida { estado, .. })) = ended else {
        return false;
    };
    *estado == EstadoIngesta::Alertada
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(estado: EstadoIngesta) -> Result<Executed, CommandError<IngestaError>> {
        let comando = "IniciarProceso";
        Err(CommandError::Refused(IngestaError::TransicionInvalida {
            estado,
            comando,
        }))
    }

    #[test]
    fn only_what_has_not_ended_has_begun() {
        for estado in EstadoIngesta::TODOS {
            let begun = ha_comenzado(&refused(estado));
            assert_eq!(begun, estado == EstadoIngesta::Alertada, "{estado}");
        }
    }
}
