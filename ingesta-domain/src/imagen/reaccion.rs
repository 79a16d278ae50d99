//! Which command an event of an ingesta causes on its image.
//!
//! It promises a pure answer with no catch-all arm: a new event stops the build here until somebody
//! says what it means for the image.
//! It sends nothing: the handler that follows the log sends the command to
//! [`IdImagen::de_ingesta`](crate::valor::IdImagen::de_ingesta), as often as the event is delivered.

use chrono::{DateTime, Utc};

use super::{CrearImagen, ImagenCommand, RevertirImagen};
use crate::ingesta::IngestaEvent;
use crate::valor::IdIngesta;

/// The command that an event of the ingesta `id_ingesta` causes on its image, if any.
///
/// `fecha` is the time of the reaction, by the handler's clock.
#[must_use]
pub fn reaccion(
    id_ingesta: IdIngesta,
    event: &IngestaEvent,
    fecha: DateTime<Utc>,
) -> Option<ImagenCommand> {
    match event {
        IngestaEvent::IngestaCreada(e) => Some(
            CrearImagen {
                id_ingesta,
                url_path: e.url_path.clone(),
                hechos: e.hechos.clone(),
                fecha,
            }
            .into(),
        ),
        IngestaEvent::IngestaRevertida(_) => Some(RevertirImagen { fecha }.into()),
        IngestaEvent::ProcesoIniciado(_)
        | IngestaEvent::IngestaRechazada(_)
        | IngestaEvent::IngestaFinalizada(_)
        | IngestaEvent::IngestaEliminada(_)
        | IngestaEvent::IngestaAlertada(_) => None,
    }
}
