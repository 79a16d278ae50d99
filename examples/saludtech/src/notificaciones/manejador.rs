//! One event to one e-mail: asked for, begun, sent, noted.
//!
//! Promises: before the sender is asked, it is stored that it is; afterwards, what it said. So
//! whoever finds a try that was begun and not noted knows that nobody knows. Two instances never
//! begin the same try.

use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::{CommandContext, CommandError, Commands};
use ingesta_kafka::inbox::{EndTexts, HandleError};
use uuid::Uuid;

use super::aggregate::{EstadoNotificacion, Notificacion};
use super::{Correo, Despacho, NoEnviado, NotificacionCommand, NotificacionError, Pedir};
use crate::fallos::{Fallos, Modo, Paso};
use crate::mensajes::ahora;
use crate::neighbour::TEXTS;

/// The first pause before what the sender said is noted again; it doubles.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// An event that is worth an e-mail.
pub(super) struct Suceso {
    /// The notification's id.
    pub(super) id: Uuid,
    /// The event's own id.
    pub(super) origen: String,
    /// The circumstances of asking for it: once.
    pub(super) contexto: CommandContext,
    /// The circumstances of what follows.
    pub(super) seguido: CommandContext,
    /// The name of a person's wish to try again, where there is one.
    pub(super) repeticion: Option<String>,
    pub(super) pedir: Pedir,
}

/// Sends what is asked for.
pub(super) struct Manejador {
    commands: Commands<Notificacion>,
    correo: Correo,
    despacho: Arc<dyn Despacho>,
    intentos: u32,
    fallos: Fallos,
}

type Failed = CommandError<NotificacionError>;

/// Nothing is known against the message, unless the store says so.
fn judged(error: Failed) -> HandleError {
    let texts = EndTexts {
        reused: "another event with this id was told before",
        ..TEXTS
    };
    HandleError::of_command(error, texts, HandleError::transient)
}

impl Manejador {
    pub(super) fn new(
        commands: Commands<Notificacion>,
        correo: Correo,
        despacho: Arc<dyn Despacho>,
        intentos: u32,
        fallos: &Fallos,
    ) -> Self {
        Self {
            commands,
            correo,
            despacho,
            intentos,
            fallos: fallos.clone(),
        }
    }

    /// Has the e-mail of an event sent.
    pub(super) async fn avisar(&self, suceso: Suceso) -> Result<(), HandleError> {
        let id = suceso.id.to_string();
        let pedir = NotificacionCommand::Pedir(suceso.pedir.clone());
        let asked = self.commands.execute(&id, pedir, suceso.contexto.clone());
        asked.await.map_err(judged)?;
        if let Some(name) = &suceso.repeticion {
            let context = suceso.seguido.clone().idempotent(name, &"reabrir");
            let reabrir = NotificacionCommand::Reabrir(ahora());
            let again = self.commands.execute(&id, reabrir, context).await;
            again.map_err(judged)?;
        }
        let loaded = self.commands.load(&id).await.map_err(judged)?;
        let (state, version) = (loaded.state, loaded.version);
        match state.estado {
            EstadoNotificacion::Enviada => Ok(()),
            EstadoNotificacion::Desconocida => Err(unknown()),
            EstadoNotificacion::Fallida => Err(put_aside(state.codigo.as_deref())),
            EstadoNotificacion::Enviando if !self.despacho.repetible() => {
                self.forget(&id, &suceso, state.intentos).await
            }
            EstadoNotificacion::Pedida | EstadoNotificacion::Enviando => {
                self.try_once(&id, &suceso, &state, version).await
            }
        }
    }

    /// A try was begun, and nobody is left who knows how it ended.
    async fn forget(&self, id: &str, suceso: &Suceso, intento: u32) -> Result<(), HandleError> {
        let desconocer = NotificacionCommand::Desconocer {
            intento,
            codigo: "interrumpido".to_owned(),
            fecha: ahora(),
        };
        let noted = self
            .commands
            .execute(id, desconocer, suceso.seguido.clone());
        noted.await.map_err(judged)?;
        tracing::warn!(
            notificacion = id,
            "it is not known whether this e-mail was sent: see `saludtech notificaciones list`"
        );
        Err(unknown())
    }

    async fn try_once(
        &self,
        id: &str,
        suceso: &Suceso,
        state: &Notificacion,
        version: u64,
    ) -> Result<(), HandleError> {
        let Some(pedido) = &state.pedido else {
            return Err(HandleError::transient(NotificacionError::SinPedir));
        };
        let carta = self.correo.carta(suceso.id, pedido).map_err(|_| {
            HandleError::poison("correo_imposible", "no e-mail can be made of the event")
        })?;
        let iniciar = NotificacionCommand::Iniciar {
            repetible: self.despacho.repetible(),
            fecha: ahora(),
        };
        // Another instance that is faster has begun this very try.
        let context = suceso.seguido.clone().expecting(version);
        let begun = self.commands.execute(id, iniciar, context).await;
        begun.map_err(judged)?;
        let (intento, tries) = (state.intentos + 1, state.intentos_de_ahora() + 1);
        let sent = self.send(&carta, &suceso.origen, intento).await;
        if sent.is_ok() && self.drawn(Modo::Caer, &suceso.origen, intento) {
            tracing::warn!("dying on purpose, after the e-mail was taken");
            std::process::abort();
        }
        let last = tries >= self.intentos;
        let (command, ended) = noted(sent, intento, last);
        self.note(id, command, &suceso.seguido).await?;
        ended
    }

    async fn send(
        &self,
        carta: &super::Carta,
        origen: &str,
        intento: u32,
    ) -> Result<(), NoEnviado> {
        if self.drawn(Modo::Demorar, origen, intento) {
            tokio::time::sleep(self.fallos.demora()).await;
        }
        if self.drawn(Modo::Fallar, origen, intento) {
            return Err(NoEnviado::Pasajero(crate::fallos::INYECTADO.to_owned()));
        }
        if self.drawn(Modo::Rechazar, origen, intento) {
            return Err(NoEnviado::Definitivo(crate::fallos::INYECTADO.to_owned()));
        }
        self.despacho.enviar(carta).await
    }

    fn drawn(&self, modo: Modo, origen: &str, intento: u32) -> bool {
        self.fallos.toca(Paso::Notificar, modo, origen, intento)
    }

    /// What the sender said is known here and nowhere else: it is noted, however long that takes.
    async fn note(
        &self,
        id: &str,
        command: NotificacionCommand,
        context: &CommandContext,
    ) -> Result<(), HandleError> {
        let mut pause = PAUSE_MIN;
        loop {
            let noted = self.commands.execute(id, command.clone(), context.clone());
            match noted.await.map_err(judged) {
                Ok(_) => return Ok(()),
                Err(poison @ HandleError::Poison { .. }) => return Err(poison),
                Err(HandleError::Transient(cause)) => {
                    tracing::warn!(notificacion = id, %cause, "an outcome is not noted yet");
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }
}

fn put_aside(code: Option<&str>) -> HandleError {
    let code = code.unwrap_or("envio_fallido").to_owned();
    HandleError::poison(code, "the e-mail was not taken, and was tried often enough")
}

/// A person finds out, and replays it or not.
fn unknown() -> HandleError {
    let text = "it is not known whether the e-mail was taken: replay it to have it sent again";
    HandleError::poison("envio_desconocido", text)
}

/// What is noted of a try, and what its message comes to.
fn noted(
    sent: Result<(), NoEnviado>,
    intento: u32,
    last: bool,
) -> (NotificacionCommand, Result<(), HandleError>) {
    let fecha = ahora();
    let (codigo, definitivo) = match sent {
        Ok(()) => return (NotificacionCommand::Confirmar { intento, fecha }, Ok(())),
        Err(NoEnviado::Desconocido(codigo)) => {
            let command = NotificacionCommand::Desconocer {
                intento,
                codigo,
                fecha,
            };
            return (command, Err(unknown()));
        }
        Err(NoEnviado::Pasajero(codigo)) => (codigo, last),
        Err(NoEnviado::Definitivo(codigo)) => (codigo, true),
    };
    let ended = if definitivo {
        Err(put_aside(Some(&codigo)))
    } else {
        Err(HandleError::transient(NoEnviado::Pasajero(codigo.clone())))
    };
    let command = NotificacionCommand::Fallar {
        intento,
        codigo,
        definitivo,
        fecha,
    };
    (command, ended)
}
