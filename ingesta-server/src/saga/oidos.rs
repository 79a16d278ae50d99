//! What a saga hears of the log: an arm for every event of an image and of an ingesta.
//!
//! Promises: a new event stops the build here until somebody says what it means for the saga.

use cqrs_es::EventEnvelope;
use ingesta_domain::imagen::{Imagen, ImagenEvent};
use ingesta_domain::ingesta::{Ingesta, IngestaEvent};
use ingesta_domain::saga::{Entrada, FinIngesta, Plan};
use ingesta_event_store::EventCodec;
use ingesta_sagas::Routes;

/// From the log to sagas that are as patient as this plan says.
pub(crate) fn oidos(codec: &EventCodec, plan: Plan) -> Routes<Entrada> {
    Routes::new(codec.clone())
        .on(move |event: &EventEnvelope<Imagen>| de_imagen(&event.payload, plan))
        .on(|event: &EventEnvelope<Ingesta>| {
            let entrada = de_ingesta(&event.payload);
            entrada.map(|entrada| (event.aggregate_id.clone(), entrada))
        })
}

fn de_imagen(event: &ImagenEvent, plan: Plan) -> Option<(String, Entrada)> {
    match event {
        ImagenEvent::ImagenVerificada(e) => {
            let modalidad = e.hechos.modalidad.clone();
            let entrada = Entrada::ImagenVerificada { modalidad, plan };
            Some((e.id_ingesta.to_string(), entrada))
        }
        // Its ingesta is refused with it; or the ingesta has failed, which is heard by itself.
        ImagenEvent::ImagenRechazada(_) | ImagenEvent::ImagenRevertida(_) => None,
    }
}

fn de_ingesta(event: &IngestaEvent) -> Option<Entrada> {
    let fin = match event {
        IngestaEvent::ProcesoIniciado(_) => return Some(Entrada::ProcesoIniciado),
        IngestaEvent::IngestaFinalizada(_) => FinIngesta::Finalizada,
        IngestaEvent::IngestaRevertida(_) => FinIngesta::Fallida,
        IngestaEvent::IngestaEliminada(_) => FinIngesta::Eliminada,
        IngestaEvent::IngestaRechazada(_) => FinIngesta::Rechazada,
        // It begins with the image's verdict, and what flags it is the saga itself, or a person
        // whose next word is waited for anyway.
        IngestaEvent::IngestaCreada(_) | IngestaEvent::IngestaAlertada(_) => return None,
    };
    Some(Entrada::IngestaTerminada(fin))
}
