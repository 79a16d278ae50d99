//! The workload: one real-looking ingesta, its commands, and stored histories of any length.
//!
//! A history is a creation and then starts and alerts in turn: longer than a life can be by the
//! rules, which a fold does not judge. The ids differ, everything else is the same.

use chrono::{DateTime, Utc};
use ingesta_domain::ingesta::{
    AlertarIngesta, CrearIngesta, FinalizarIngesta, IngestaAlertada, IngestaCommand, IngestaCreada,
    IngestaEvent, ProcesoIniciado,
};
use ingesta_domain::valor::{HechosDeclarados, HechosRecibidos, Motivo, UrlPath};
use ingesta_event_store::{EventCodec, Metadata};

/// One ingesta, over and over.
#[derive(Clone, Debug)]
pub struct Sample {
    crear: CrearIngesta,
    motivo: Motivo,
}

impl Sample {
    /// The one that the benches use.
    ///
    /// # Errors
    /// Where the domain does not take the sample any more.
    pub fn new() -> anyhow::Result<Self> {
        let text = |value: &str| Some(value.to_owned());
        let hechos = HechosRecibidos {
            sha256: text("65bee869c507f535edea93a446a26e941fb9cbc3819e4d73395f11eef56d4687"),
            bytes: Some(91_754),
            modalidad: text("US"),
            study_instance_uid: text("1.3.46.670589.14.1000.210.4.199999.20110525182825.1.0"),
            series_instance_uid: text("1.3.46.670589.14.1000.210.3.199999.20110525182826.1.0"),
            sop_instance_uid: text("1.3.46.670589.14.1000.210.2.199999.20110525185628.1.0"),
        };
        Ok(Self {
            crear: CrearIngesta {
                id_proveedor: "1d670540-715a-5ee7-a1cb-54517d9d9cce".parse()?,
                id_paciente: "8210e5ca-bdf4-5f3e-9276-59c397648c20".parse()?,
                url_path: UrlPath::parse("https://imagenes.example.org/US_rle_2frame.dcm")?,
                hechos: HechosDeclarados::try_from(hechos)?,
                fecha: "2025-03-01T12:00:00.123456Z".parse::<DateTime<Utc>>()?,
            },
            motivo: Motivo::new("la limpieza de los datos crudos fue rechazada")?,
        })
    }

    /// Creates an ingesta.
    #[must_use]
    pub fn create(&self) -> IngestaCommand {
        self.crear.clone().into()
    }

    /// Changes one that is being processed, as a history of an even length is.
    #[must_use]
    pub fn update(&self) -> IngestaCommand {
        let (motivo, fecha) = (self.motivo.clone(), self.crear.fecha);
        AlertarIngesta { motivo, fecha }.into()
    }

    /// Changes one that [`Sample::update`] has changed.
    #[must_use]
    pub fn finish(&self) -> IngestaCommand {
        let fecha = self.crear.fecha;
        FinalizarIngesta { fecha }.into()
    }

    /// What a client posts to create it.
    #[must_use]
    pub fn body(&self) -> serde_json::Value {
        let c = &self.crear;
        serde_json::json!({
            "id_proveedor": c.id_proveedor,
            "id_paciente": c.id_paciente,
            "url_path": c.url_path,
            "sha256": c.hechos.sha256,
            "bytes": c.hechos.bytes,
            "modalidad": c.hechos.modalidad,
            "study_instance_uid": c.hechos.study_instance_uid,
            "series_instance_uid": c.hechos.series_instance_uid,
            "sop_instance_uid": c.hechos.sop_instance_uid,
        })
    }

    /// A history.
    #[must_use]
    pub fn history(&self, length: usize) -> Vec<IngestaEvent> {
        (0..length).map(|place| self.event(place)).collect()
    }

    fn event(&self, place: usize) -> IngestaEvent {
        let (c, fecha) = (self.crear.clone(), self.crear.fecha);
        match place {
            0 => IngestaEvent::IngestaCreada(IngestaCreada {
                id_proveedor: c.id_proveedor,
                id_paciente: c.id_paciente,
                url_path: c.url_path,
                hechos: c.hechos,
                fecha_creacion: fecha,
            }),
            odd if odd % 2 == 1 => IngestaEvent::ProcesoIniciado(ProcesoIniciado { fecha }),
            _ => IngestaEvent::IngestaAlertada(IngestaAlertada {
                motivo: self.motivo.clone(),
                fecha,
            }),
        }
    }
}

/// The metadata that a server stores beside an event.
#[must_use]
pub fn metadata() -> Metadata {
    Metadata {
        command_id: Some("import-0195f2d4-8a40-7c3a-9d55-2f3b6c1e7a10".to_owned()),
        correlation_id: Some("0195f2d4-8a40-7c3a-9d55-2f3b6c1e7a11".to_owned()),
        actor: Some("importador".to_owned()),
        ..Metadata::default()
    }
}

/// The codec as a server has it, upcasters included.
#[must_use]
pub fn codec() -> EventCodec {
    EventCodec::default().with_upcasters(ingesta_domain::upcasters())
}
