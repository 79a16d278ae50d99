//! What has happened to an ingesta: one struct per event, one enum over them.
//!
//! It promises a stored form that stays readable: `{"<type>": {fields}}`, the form in which any cqrs-es
//! program stores an event; the golden files in `stored-events/` hold it byte by byte.
//! A change of a form is a new version with an upcaster (see [`crate::upcaster`]), never an edit.
//! The id of the ingesta is not inside: it is the id of the stream.

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use crate::valor::{HechosDeclarados, IdPaciente, IdProveedor, Motivo, MotivoRechazo, UrlPath};

/// An image reference was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngestaCreada {
    /// Who handed the image in.
    pub id_proveedor: IdProveedor,
    /// Whose image it is, under the provider's pseudonym.
    pub id_paciente: IdPaciente,
    /// Where the image is.
    pub url_path: UrlPath,
    /// What the provider said about the content.
    #[serde(default)]
    pub hechos: HechosDeclarados,
    /// When it was handed in.
    pub fecha_creacion: DateTime<Utc>,
}

/// Processing has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcesoIniciado {
    /// When.
    pub fecha: DateTime<Utc>,
}

/// The ingesta was refused with its image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngestaRechazada {
    /// Why.
    pub motivos: Vec<MotivoRechazo>,
    /// When.
    pub fecha: DateTime<Utc>,
}

/// The ingesta ended well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngestaFinalizada {
    /// When.
    pub fecha: DateTime<Utc>,
}

/// The ingesta failed and was undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngestaRevertida {
    /// Why.
    pub motivo: Motivo,
    /// When; from then on its data is to be gone.
    pub fecha_eliminacion: DateTime<Utc>,
}

/// The ingesta was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngestaEliminada {
    /// When; from then on its data is to be gone.
    pub fecha_eliminacion: DateTime<Utc>,
}

/// The clean-up of the ingesta was refused; a person decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngestaAlertada {
    /// Why.
    pub motivo: Motivo,
    /// When.
    pub fecha: DateTime<Utc>,
}

/// Any event of the aggregate `Ingesta`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum IngestaEvent {
    /// See [`IngestaCreada`].
    IngestaCreada(IngestaCreada),
    /// See [`ProcesoIniciado`].
    ProcesoIniciado(ProcesoIniciado),
    /// See [`IngestaRechazada`].
    IngestaRechazada(IngestaRechazada),
    /// See [`IngestaFinalizada`].
    IngestaFinalizada(IngestaFinalizada),
    /// See [`IngestaRevertida`].
    IngestaRevertida(IngestaRevertida),
    /// See [`IngestaEliminada`].
    IngestaEliminada(IngestaEliminada),
    /// See [`IngestaAlertada`].
    IngestaAlertada(IngestaAlertada),
}

variantes!(IngestaEvent:
    IngestaCreada,
    ProcesoIniciado,
    IngestaRechazada,
    IngestaFinalizada,
    IngestaRevertida,
    IngestaEliminada,
    IngestaAlertada,
);

impl IngestaEvent {
    /// When it happened, whatever the field is called.
    #[must_use]
    pub const fn fecha(&self) -> DateTime<Utc> {
        match self {
            Self::IngestaCreada(e) => e.fecha_creacion,
            Self::ProcesoIniciado(e) => e.fecha,
            Self::IngestaRechazada(e) => e.fecha,
            Self::IngestaFinalizada(e) => e.fecha,
            Self::IngestaRevertida(e) => e.fecha_eliminacion,
            Self::IngestaEliminada(e) => e.fecha_eliminacion,
            Self::IngestaAlertada(e) => e.fecha,
        }
    }
}

impl DomainEvent for IngestaEvent {
    fn event_type(&self) -> String {
        self.tipo().to_owned()
    }

    fn event_version(&self) -> String {
        // One version per type: a type that moves on gets its own arm here and an upcaster.
        "1".to_owned()
    }
}
