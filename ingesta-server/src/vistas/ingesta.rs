//! `IngestaVista`: one ingesta as clients read it.
//!
//! Promises: every event has an arm of its own; an event that finds no row changes nothing.
//! `Debug` shows no personal data, because the domain's own types do not.

use chrono::{DateTime, Utc};
use cqrs_es::{EventEnvelope, View};
use ingesta_domain::ingesta::{Ingesta, IngestaCreada, IngestaEvent};
use ingesta_domain::valor::{
    EstadoIngesta, HechosDeclarados, IdIngesta, IdPaciente, IdProveedor, Motivo, MotivoRechazo,
    UrlPath,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::esquema::HechosEsquema;

/// The view of one ingesta; empty before its first event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IngestaVista(Option<FilaIngesta>);

/// What a client reads of an ingesta.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Ingesta)]
pub struct FilaIngesta {
    /// Which ingesta.
    #[schema(value_type = uuid::Uuid)]
    pub id_ingesta: IdIngesta,
    /// Who handed the image in.
    #[schema(value_type = uuid::Uuid)]
    pub id_proveedor: IdProveedor,
    /// Whose image it is, under the provider's pseudonym.
    #[schema(value_type = uuid::Uuid)]
    pub id_paciente: IdPaciente,
    /// Where the image is.
    #[schema(value_type = String, example = "https://imagenes.example.org/CT_small.dcm")]
    pub url_path: UrlPath,
    /// Where it is in its life.
    #[schema(value_type = String, example = "Creada")]
    pub estado: EstadoIngesta,
    /// When it was handed in.
    pub fecha_creacion: DateTime<Utc>,
    /// When its latest event happened.
    pub fecha_actualizacion: DateTime<Utc>,
    /// When it was withdrawn or undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fecha_eliminacion: Option<DateTime<Utc>>,
    /// Why it was refused; left out unless it was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub motivos: Vec<MotivoRechazo>,
    /// The latest reason for which it was flagged or undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub motivo: Option<Motivo>,
    /// What the provider said about the content.
    #[schema(value_type = HechosEsquema)]
    pub hechos: HechosDeclarados,
    /// The number of its events so far; also its `ETag`.
    pub version: u64,
}

impl IngestaVista {
    /// The row; `None` if there was no event that created it.
    #[must_use]
    pub fn fila(self) -> Option<FilaIngesta> {
        self.0
    }
}

impl View<Ingesta> for IngestaVista {
    fn update(&mut self, event: &EventEnvelope<Ingesta>) {
        let version = u64::try_from(event.sequence).unwrap_or(u64::MAX);
        match &event.payload {
            IngestaEvent::IngestaCreada(e) => self.0 = crear(&event.aggregate_id, version, e),
            IngestaEvent::ProcesoIniciado(e) => {
                self.pasar(version, EstadoIngesta::Pendiente, e.fecha);
            }
            IngestaEvent::IngestaRechazada(e) => {
                if let Some(fila) = self.pasar(version, EstadoIngesta::Rechazada, e.fecha) {
                    fila.motivos.clone_from(&e.motivos);
                }
            }
            IngestaEvent::IngestaFinalizada(e) => {
                self.pasar(version, EstadoIngesta::Finalizada, e.fecha);
            }
            IngestaEvent::IngestaRevertida(e) => {
                if let Some(fila) = self.pasar(version, EstadoIngesta::Fallida, e.fecha_eliminacion)
                {
                    fila.motivo = Some(e.motivo.clone());
                    fila.fecha_eliminacion = Some(e.fecha_eliminacion);
                }
            }
            IngestaEvent::IngestaEliminada(e) => {
                let fecha = e.fecha_eliminacion;
                if let Some(fila) = self.pasar(version, EstadoIngesta::Eliminada, fecha) {
                    fila.fecha_eliminacion = Some(fecha);
                }
            }
            IngestaEvent::IngestaAlertada(e) => {
                if let Some(fila) = self.pasar(version, EstadoIngesta::Alertada, e.fecha) {
                    fila.motivo = Some(e.motivo.clone());
                }
            }
        }
    }
}

impl IngestaVista {
    fn pasar(
        &mut self,
        version: u64,
        estado: EstadoIngesta,
        fecha: DateTime<Utc>,
    ) -> Option<&mut FilaIngesta> {
        let fila = self.0.as_mut()?;
        fila.estado = estado;
        fila.version = version;
        fila.fecha_actualizacion = fecha;
        Some(fila)
    }
}

/// A stream whose id is no uuid was not written by this system and has no row.
fn crear(id: &str, version: u64, e: &IngestaCreada) -> Option<FilaIngesta> {
    Some(FilaIngesta {
        id_ingesta: id.parse().ok()?,
        id_proveedor: e.id_proveedor,
        id_paciente: e.id_paciente,
        url_path: e.url_path.clone(),
        estado: EstadoIngesta::Creada,
        fecha_creacion: e.fecha_creacion,
        fecha_actualizacion: e.fecha_creacion,
        fecha_eliminacion: None,
        motivos: Vec::new(),
        motivo: None,
        hechos: e.hechos.clone(),
        version,
    })
}
