//! `ImagenVista`: the verdict on the image of one ingesta as clients read it.
//!
//! Promises the same as the view of ingestas: an arm per event, nothing personal in `Debug`.

use chrono::{DateTime, Utc};
use cqrs_es::{EventEnvelope, View};
use ingesta_domain::imagen::{Imagen, ImagenEvent};
use ingesta_domain::valor::{
    EstadoImagen, HechosContenido, IdImagen, IdIngesta, MotivoRechazo, UrlPath,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::esquema::HechosEsquema;

/// The view of one image; empty before its first event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImagenVista(Option<FilaImagen>);

/// What a client reads of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Imagen)]
pub struct FilaImagen {
    /// Which image.
    #[schema(value_type = uuid::Uuid)]
    pub id_imagen: IdImagen,
    /// The ingesta that it belongs to.
    #[schema(value_type = uuid::Uuid)]
    pub id_ingesta: IdIngesta,
    /// Where the image is, or is said to be.
    #[schema(value_type = String)]
    pub url_path: UrlPath,
    /// The verdict, or that it was undone.
    #[schema(value_type = String, example = "verificada")]
    pub estado: EstadoImagen,
    /// Why it was refused; left out unless it was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub motivos: Vec<MotivoRechazo>,
    /// The facts that passed verification; empty for an image that was refused.
    #[schema(value_type = HechosEsquema)]
    pub hechos: HechosContenido,
    /// When it was judged.
    pub fecha_creacion: DateTime<Utc>,
    /// When its latest event happened.
    pub fecha_actualizacion: DateTime<Utc>,
    /// The number of its events so far; also its `ETag`.
    pub version: u64,
}

impl ImagenVista {
    /// The row; `None` if there was no verdict.
    #[must_use]
    pub fn fila(self) -> Option<FilaImagen> {
        self.0
    }
}

impl View<Imagen> for ImagenVista {
    fn update(&mut self, event: &EventEnvelope<Imagen>) {
        let version = u64::try_from(event.sequence).unwrap_or(u64::MAX);
        let nueva = |id_ingesta, url_path: &UrlPath, estado, fecha| {
            Some(FilaImagen {
                id_imagen: event.aggregate_id.parse().ok()?,
                id_ingesta,
                url_path: url_path.clone(),
                estado,
                motivos: Vec::new(),
                hechos: HechosContenido::default(),
                fecha_creacion: fecha,
                fecha_actualizacion: fecha,
                version,
            })
        };
        match &event.payload {
            ImagenEvent::ImagenVerificada(e) => {
                let fila = nueva(e.id_ingesta, &e.url_path, EstadoImagen::Verificada, e.fecha);
                self.0 = fila.map(|fila| FilaImagen {
                    hechos: e.hechos.clone(),
                    ..fila
                });
            }
            ImagenEvent::ImagenRechazada(e) => {
                let fila = nueva(e.id_ingesta, &e.url_path, EstadoImagen::Rechazada, e.fecha);
                self.0 = fila.map(|fila| FilaImagen {
                    motivos: e.motivos.clone(),
                    ..fila
                });
            }
            ImagenEvent::ImagenRevertida(e) => {
                if let Some(fila) = self.0.as_mut() {
                    fila.estado = EstadoImagen::Revertida;
                    fila.fecha_actualizacion = e.fecha;
                    fila.version = version;
                }
            }
        }
    }
}
