//! Ids that follow from other ids, so that everybody knows them beforehand.
//!
//! Promises: the same id for the same origin, for ever, and the same as in the control plane.
//! Changing a word would give everything a second life.

use uuid::Uuid;

const ESPACIO_NOTIFICACION: Uuid = Uuid::from_u128(0x5d37_a8e2_1c94_4b60_8e7f_d2a6_40b1_f983);

/// The one anonymised study of an ingesta.
#[must_use]
pub fn id_anonimizado(id_ingesta: Uuid) -> Uuid {
    Uuid::new_v5(&id_ingesta, b"anonimizado")
}

/// The one labelling of an anonymised study.
#[must_use]
pub fn id_etiquetado(id_anonimizado: Uuid) -> Uuid {
    Uuid::new_v5(&id_anonimizado, b"etiquetado")
}

/// The one notification of an event, named by the event's own id.
#[must_use]
pub fn id_notificacion(suceso: &str) -> Uuid {
    Uuid::new_v5(&ESPACIO_NOTIFICACION, suceso.as_bytes())
}
