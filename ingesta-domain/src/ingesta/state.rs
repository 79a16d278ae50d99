//! What the events of an ingesta add up to.
//!
//! It promises a total [`apply`]: any event on any state gives a state, without a panic, because the log
//! is the truth and a fold must not argue with it.
//! No rule lives here: whether an event may happen was decided before it was stored (`decide.rs`).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{IngestaCreada, IngestaEvent};
use crate::valor::{
    EstadoIngesta, HechosDeclarados, IdPaciente, IdProveedor, Motivo, MotivoRechazo, UrlPath,
};

/// One ingesta; before its first event it does not exist.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ingesta {
    datos: Option<DatosIngesta>,
}

/// What is known of an ingesta that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatosIngesta {
    /// Who handed the image in.
    pub id_proveedor: IdProveedor,
    /// Whose image it is, under the provider's pseudonym.
    pub id_paciente: IdPaciente,
    /// Where the image is.
    pub url_path: UrlPath,
    /// What the provider said about the content.
    pub hechos: HechosDeclarados,
    /// Where it is in its life.
    pub estado: EstadoIngesta,
    /// Why it was refused; empty unless it was.
    pub motivos: Vec<MotivoRechazo>,
    /// The latest reason for which it was flagged or undone.
    pub motivo: Option<Motivo>,
    /// When it was handed in.
    pub fecha_creacion: DateTime<Utc>,
    /// When its latest event happened.
    pub fecha_actualizacion: DateTime<Utc>,
    /// When it was withdrawn or undone.
    pub fecha_eliminacion: Option<DateTime<Utc>>,
}

impl Ingesta {
    /// Where it is in its life; `None` if it does not exist.
    #[must_use]
    pub fn estado(&self) -> Option<EstadoIngesta> {
        self.datos.as_ref().map(|datos| datos.estado)
    }

    /// What is known of it; `None` if it does not exist.
    #[must_use]
    pub const fn datos(&self) -> Option<&DatosIngesta> {
        self.datos.as_ref()
    }
}

/// Folds one event into the state.
///
/// An event that is not the creation and finds no ingesta changes nothing: there is nothing to change.
pub fn apply(ingesta: &mut Ingesta, event: IngestaEvent) {
    let fecha = event.fecha();
    match event {
        IngestaEvent::IngestaCreada(e) => ingesta.datos = Some(nacer(e)),
        IngestaEvent::ProcesoIniciado(_) => {
            pasar(ingesta, fecha, EstadoIngesta::Pendiente, |_| ());
        }
        IngestaEvent::IngestaRechazada(e) => {
            pasar(ingesta, fecha, EstadoIngesta::Rechazada, |datos| {
                datos.motivos = e.motivos
            });
        }
        IngestaEvent::IngestaFinalizada(_) => {
            pasar(ingesta, fecha, EstadoIngesta::Finalizada, |_| ());
        }
        IngestaEvent::IngestaRevertida(e) => {
            pasar(ingesta, fecha, EstadoIngesta::Fallida, |datos| {
                datos.motivo = Some(e.motivo);
                datos.fecha_eliminacion = Some(e.fecha_eliminacion);
            });
        }
        IngestaEvent::IngestaEliminada(e) => {
            pasar(ingesta, fecha, EstadoIngesta::Eliminada, |datos| {
                datos.fecha_eliminacion = Some(e.fecha_eliminacion);
            });
        }
        IngestaEvent::IngestaAlertada(e) => {
            pasar(ingesta, fecha, EstadoIngesta::Alertada, |datos| {
                datos.motivo = Some(e.motivo)
            });
        }
    }
}

/// Moves an ingesta that exists to another state and keeps what the event brought.
fn pasar(
    ingesta: &mut Ingesta,
    fecha: DateTime<Utc>,
    estado: EstadoIngesta,
    traer: impl FnOnce(&mut DatosIngesta),
) {
    if let Some(datos) = ingesta.datos.as_mut() {
        datos.estado = estado;
        datos.fecha_actualizacion = fecha;
        traer(datos);
    }
}

fn nacer(e: IngestaCreada) -> DatosIngesta {
    DatosIngesta {
        id_proveedor: e.id_proveedor,
        id_paciente: e.id_paciente,
        url_path: e.url_path,
        hechos: e.hechos,
        estado: EstadoIngesta::Creada,
        motivos: Vec::new(),
        motivo: None,
        fecha_creacion: e.fecha_creacion,
        fecha_actualizacion: e.fecha_creacion,
        fecha_eliminacion: None,
    }
}
