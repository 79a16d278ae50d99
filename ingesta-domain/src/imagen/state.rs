//! What the events of an image add up to.
//!
//! It promises a total [`apply`]: any event on any state gives a state, without a panic.
//! No rule lives here: whether an event may happen was decided before it was stored (`decide.rs`).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ImagenEvent;
use crate::valor::{EstadoImagen, HechosContenido, IdIngesta, MotivoRechazo, UrlPath};

/// One image; before its first event it does not exist.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Imagen {
    datos: Option<DatosImagen>,
}

/// What is known of an image that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatosImagen {
    /// The ingesta that the image belongs to.
    pub id_ingesta: IdIngesta,
    /// Where the image is, or is said to be.
    pub url_path: UrlPath,
    /// The verdict, or that it was undone.
    pub estado: EstadoImagen,
    /// The verified facts; empty for an image that was refused.
    pub hechos: HechosContenido,
    /// Why it was refused; empty unless it was.
    pub motivos: Vec<MotivoRechazo>,
    /// When it was judged.
    pub fecha_creacion: DateTime<Utc>,
    /// When its latest event happened.
    pub fecha_actualizacion: DateTime<Utc>,
}

impl Imagen {
    /// The verdict, or that it was undone; `None` if it does not exist.
    #[must_use]
    pub fn estado(&self) -> Option<EstadoImagen> {
        self.datos.as_ref().map(|datos| datos.estado)
    }

    /// What is known of it; `None` if it does not exist.
    #[must_use]
    pub const fn datos(&self) -> Option<&DatosImagen> {
        self.datos.as_ref()
    }
}

/// Folds one event into the state.
///
/// An event that is not a verdict and finds no image changes nothing: there is nothing to change.
pub fn apply(imagen: &mut Imagen, event: ImagenEvent) {
    match event {
        ImagenEvent::ImagenVerificada(e) => {
            imagen.datos = Some(DatosImagen {
                id_ingesta: e.id_ingesta,
                url_path: e.url_path,
                estado: EstadoImagen::Verificada,
                hechos: e.hechos,
                motivos: Vec::new(),
                fecha_creacion: e.fecha,
                fecha_actualizacion: e.fecha,
            });
        }
        ImagenEvent::ImagenRechazada(e) => {
            imagen.datos = Some(DatosImagen {
                id_ingesta: e.id_ingesta,
                url_path: e.url_path,
                estado: EstadoImagen::Rechazada,
                hechos: HechosContenido::default(),
                motivos: e.motivos,
                fecha_creacion: e.fecha,
                fecha_actualizacion: e.fecha,
            });
        }
        ImagenEvent::ImagenRevertida(e) => {
            if let Some(datos) = imagen.datos.as_mut() {
                datos.estado = EstadoImagen::Revertida;
                datos.fecha_actualizacion = e.fecha;
            }
        }
    }
}
