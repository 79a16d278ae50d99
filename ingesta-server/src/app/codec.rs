//! Between the domain's events and the stored text: upcasters, and which fields are personal.

use ingesta_domain::imagen::Imagen;
use ingesta_domain::ingesta::Ingesta;
use ingesta_event_store::{EventCodec, KnownTypes, PersonalFields, PlainFields};

use crate::acceso::ClaveApi;
use crate::saga::SagaDeIngesta;

/// The codec of every event of this server: the one that writers and readers share.
///
/// Personal fields are declared from the first event on and stored plain; a sealing codec can take
/// the place of the plain one without touching a stored event.
#[must_use]
pub fn event_codec() -> EventCodec {
    EventCodec::default()
        .with_upcasters(ingesta_domain::upcasters())
        .with_personal_fields(personal_fields(), PlainFields)
}

/// The aggregates of this server, for whoever asks what it can read.
#[must_use]
pub fn known_types() -> KnownTypes {
    KnownTypes::new(event_codec())
        .with::<Ingesta>()
        .with::<Imagen>()
        .with::<SagaDeIngesta>()
        .with::<ClaveApi>()
}

/// The patient of an ingesta is the subject; events of its image do not name the patient, so their
/// address is the ingesta's own.
fn personal_fields() -> PersonalFields {
    const PACIENTE: &str = "/IngestaCreada/id_paciente";
    let mut fields =
        PersonalFields::default().field("IngestaCreada", "/IngestaCreada/url_path", PACIENTE);
    for uid in [
        "study_instance_uid",
        "series_instance_uid",
        "sop_instance_uid",
    ] {
        fields = fields.field(
            "IngestaCreada",
            &format!("/IngestaCreada/hechos/{uid}"),
            PACIENTE,
        );
    }
    for event in ["ImagenVerificada", "ImagenRechazada"] {
        let (field, subject) = (format!("/{event}/url_path"), format!("/{event}/id_ingesta"));
        fields = fields.field(event, &field, &subject);
    }
    fields
}
