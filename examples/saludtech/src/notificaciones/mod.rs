//! Notifications: an e-mail about each ingesta that failed or needs a person.
//!
//! Promises: one notification for one event, however often it comes; its message counts as handled
//! only once the sender has taken the e-mail; a try that certainly failed is repeated with growing
//! pauses and put aside after so many; a try whose outcome nobody knows is shown as such, and is
//! repeated only with a sender for which a repetition is no second e-mail.
//! No e-mail holds a patient, an address or free text.

mod aggregate;
mod correo;
mod decide;
mod despacho;
mod event;
mod lista;
mod manejador;
mod suceso;
mod vista;

use std::sync::Arc;

use ingesta_event_store::{Commands, EventCodec};

pub use aggregate::{EstadoNotificacion, Notificacion};
pub use correo::{Correo, DireccionError, Direcciones};
pub use decide::{NotificacionCommand, NotificacionError, Pedir};
pub use despacho::{Archivo, Carta, Despacho, NoEnviado, Registro, Smtp};
pub use event::{Asunto, NotificacionEvent};
pub use lista::Lista;
pub use vista::NotificacionVista;

use self::manejador::Manejador;
use crate::mensajes::Topico;
use crate::neighbour::{Door, Follower, Ground, Options, Parts};

/// The name of this neighbour.
pub const NOMBRE: &str = "notificaciones";

/// What the notifications are made of.
///
/// # Errors
/// When the table of the list cannot be made.
pub async fn parts(
    ground: &Ground,
    options: &Options,
    correo: Correo,
    despacho: Arc<dyn Despacho>,
    intentos: u32,
) -> anyhow::Result<Parts> {
    let commands = Commands::<Notificacion>::new(ground.storage.clone(), EventCodec::default(), ());
    let manejador = Manejador::new(commands, correo, despacho, intentos, &options.fallos);
    let manejador = Arc::new(manejador);
    let door = |topico, group, asunto| {
        let handler = suceso::Puerta::new(topico, asunto, Arc::clone(&manejador))?;
        Ok::<_, anyhow::Error>(Door {
            topico,
            group,
            handler: Arc::new(handler),
        })
    };
    let vista = vista::projection(&ground.database);
    vista.prepare().await?;
    Ok(Parts {
        doors: vec![
            door(
                Topico::FalloIngesta,
                "notificaciones-sub-evento-fallo-ingesta",
                Asunto::FalloIngesta,
            )?,
            door(
                Topico::AlertaIngesta,
                "notificaciones-sub-evento-alerta-ingesta",
                Asunto::AlertaIngesta,
            )?,
        ],
        writes: Vec::new(),
        followers: vec![Follower::plain(vista)],
    })
}
