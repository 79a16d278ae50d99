//! The data of each message, field by field as its schema has them.
//!
//! Promises: each is written by hand from an event, never derived from the event's own form; every
//! instant is RFC 3339 in UTC with microseconds; states are the words that HTTP uses.
//! Does not: carry free text.

use chrono::{DateTime, SecondsFormat, Utc};
use ingesta_domain::ingesta::{IngestaCreada, IngestaEvent};
use ingesta_domain::valor::{EstadoImagen, EstadoIngesta, IdImagen, IdIngesta, MotivoRechazo};
use serde::Serialize;

pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Where an image is, for whom may know it; for all others, where to ask for the ingesta.
pub(super) fn url_path(id: IdIngesta, creada: &IngestaCreada, trusted: bool) -> String {
    if trusted {
        creada.url_path.as_str().to_owned()
    } else {
        format!("/ingesta/consulta-por-id/{id}")
    }
}

/// Whatever happens to an ingesta: what the event tells, and null for the rest.
#[derive(Serialize)]
pub(super) struct EventoIngesta {
    id_ingesta: String,
    id_proveedor: Option<String>,
    id_paciente: Option<String>,
    url_path: Option<String>,
    estado: &'static str,
    fecha_creacion: Option<String>,
    fecha_eliminacion: Option<String>,
    fecha: String,
    motivos: Option<Vec<&'static str>>,
}

impl EventoIngesta {
    pub(super) fn new(id: IdIngesta, event: &IngestaEvent, trusted: bool) -> Self {
        let bare = |estado: EstadoIngesta| Self {
            id_ingesta: id.to_string(),
            id_proveedor: None,
            id_paciente: None,
            url_path: None,
            estado: estado.as_str(),
            fecha_creacion: None,
            fecha_eliminacion: None,
            fecha: instant(event.fecha()),
            motivos: None,
        };
        match event {
            IngestaEvent::IngestaCreada(e) => Self {
                id_proveedor: Some(e.id_proveedor.to_string()),
                id_paciente: Some(e.id_paciente.as_uuid().to_string()),
                url_path: Some(url_path(id, e, trusted)),
                fecha_creacion: Some(instant(e.fecha_creacion)),
                ..bare(EstadoIngesta::Creada)
            },
            IngestaEvent::ProcesoIniciado(_) => bare(EstadoIngesta::Pendiente),
            IngestaEvent::IngestaRechazada(e) => Self {
                motivos: Some(e.motivos.iter().copied().map(MotivoRechazo::code).collect()),
                ..bare(EstadoIngesta::Rechazada)
            },
            IngestaEvent::IngestaFinalizada(_) => bare(EstadoIngesta::Finalizada),
            IngestaEvent::IngestaRevertida(e) => Self {
                fecha_eliminacion: Some(instant(e.fecha_eliminacion)),
                ..bare(EstadoIngesta::Fallida)
            },
            IngestaEvent::IngestaEliminada(e) => Self {
                fecha_eliminacion: Some(instant(e.fecha_eliminacion)),
                ..bare(EstadoIngesta::Eliminada)
            },
            IngestaEvent::IngestaAlertada(_) => bare(EstadoIngesta::Alertada),
        }
    }
}

/// An image reference was accepted.
#[derive(Serialize)]
pub(super) struct IngestaCreadaDatos {
    id_ingesta: String,
    id_proveedor: String,
    id_paciente: String,
    url_path: String,
    estado: &'static str,
    fecha_creacion: String,
}

impl IngestaCreadaDatos {
    pub(super) fn new(id: IdIngesta, creada: &IngestaCreada, trusted: bool) -> Self {
        Self {
            id_ingesta: id.to_string(),
            id_proveedor: creada.id_proveedor.to_string(),
            id_paciente: creada.id_paciente.as_uuid().to_string(),
            url_path: url_path(id, creada, trusted),
            estado: EstadoIngesta::Creada.as_str(),
            fecha_creacion: instant(creada.fecha_creacion),
        }
    }
}

/// An ingesta failed and was undone: what it was, and when it ended.
#[derive(Serialize)]
pub(super) struct IngestaRevertidaDatos {
    id_ingesta: String,
    id_proveedor: String,
    id_paciente: String,
    url_path: String,
    estado: &'static str,
    fecha_creacion: String,
    fecha_eliminacion: String,
}

impl IngestaRevertidaDatos {
    pub(super) fn new(
        id: IdIngesta,
        creada: &IngestaCreada,
        fecha_eliminacion: DateTime<Utc>,
        trusted: bool,
    ) -> Self {
        Self {
            id_ingesta: id.to_string(),
            id_proveedor: creada.id_proveedor.to_string(),
            id_paciente: creada.id_paciente.as_uuid().to_string(),
            url_path: url_path(id, creada, trusted),
            estado: EstadoIngesta::Fallida.as_str(),
            fecha_creacion: instant(creada.fecha_creacion),
            fecha_eliminacion: instant(fecha_eliminacion),
        }
    }
}

/// An ingesta was withdrawn.
#[derive(Serialize)]
pub(super) struct IngestaEliminadaDatos {
    id_ingesta: String,
    estado: &'static str,
    fecha_eliminacion: String,
}

impl IngestaEliminadaDatos {
    pub(super) fn new(id: IdIngesta, fecha_eliminacion: DateTime<Utc>) -> Self {
        Self {
            id_ingesta: id.to_string(),
            estado: EstadoIngesta::Eliminada.as_str(),
            fecha_eliminacion: instant(fecha_eliminacion),
        }
    }
}

/// The clean-up of an ingesta was refused.
#[derive(Serialize)]
pub(super) struct IngestaAlertadaDatos {
    id_ingesta: String,
    estado: &'static str,
}

impl IngestaAlertadaDatos {
    pub(super) fn new(id: IdIngesta) -> Self {
        Self {
            id_ingesta: id.to_string(),
            estado: EstadoIngesta::Alertada.as_str(),
        }
    }
}

/// Whatever happens to an image.
#[derive(Serialize)]
pub(super) struct ImagenProcesadaDatos {
    id_imagen: String,
    id_ingesta: String,
    estado: &'static str,
}

impl ImagenProcesadaDatos {
    pub(super) fn new(id: IdImagen, id_ingesta: IdIngesta, estado: EstadoImagen) -> Self {
        Self {
            id_imagen: id.to_string(),
            id_ingesta: id_ingesta.to_string(),
            estado: estado.as_str(),
        }
    }
}
