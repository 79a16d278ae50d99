//! What has happened to an image: one struct per event, one enum over them.
//!
//! It promises a stored form that stays readable, as [`crate::ingesta`]'s events do.
//! An image is created by its verdict: there is no image without one, so there is no event for that.
//! Each event names its ingesta, because the image's id cannot be turned back into it.

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use crate::valor::{HechosContenido, IdIngesta, MotivoRechazo, UrlPath};

/// The image was taken in; its address and every declared fact are well formed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImagenVerificada {
    /// The ingesta that the image belongs to.
    pub id_ingesta: IdIngesta,
    /// Where the image is.
    pub url_path: UrlPath,
    /// The facts in their normal form.
    #[serde(default)]
    pub hechos: HechosContenido,
    /// When.
    pub fecha: DateTime<Utc>,
}

/// The image was taken in; its address or a declared fact is not well formed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImagenRechazada {
    /// The ingesta that the image belongs to.
    pub id_ingesta: IdIngesta,
    /// Where the image is said to be.
    pub url_path: UrlPath,
    /// Every reason, in the order of the fields.
    pub motivos: Vec<MotivoRechazo>,
    /// When.
    pub fecha: DateTime<Utc>,
}

/// The image was undone because its ingesta failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImagenRevertida {
    /// The ingesta that the image belongs to.
    pub id_ingesta: IdIngesta,
    /// When.
    pub fecha: DateTime<Utc>,
}

/// Any event of the aggregate `Imagen`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImagenEvent {
    /// See [`ImagenVerificada`].
    ImagenVerificada(ImagenVerificada),
    /// See [`ImagenRechazada`].
    ImagenRechazada(ImagenRechazada),
    /// See [`ImagenRevertida`].
    ImagenRevertida(ImagenRevertida),
}

variantes!(ImagenEvent: ImagenVerificada, ImagenRechazada, ImagenRevertida);

impl ImagenEvent {
    /// When it happened.
    #[must_use]
    pub const fn fecha(&self) -> DateTime<Utc> {
        match self {
            Self::ImagenVerificada(e) => e.fecha,
            Self::ImagenRechazada(e) => e.fecha,
            Self::ImagenRevertida(e) => e.fecha,
        }
    }

    /// The ingesta that the image belongs to.
    #[must_use]
    pub const fn id_ingesta(&self) -> IdIngesta {
        match self {
            Self::ImagenVerificada(e) => e.id_ingesta,
            Self::ImagenRechazada(e) => e.id_ingesta,
            Self::ImagenRevertida(e) => e.id_ingesta,
        }
    }
}

impl DomainEvent for ImagenEvent {
    fn event_type(&self) -> String {
        self.tipo().to_owned()
    }

    fn event_version(&self) -> String {
        // One version per type: a type that moves on gets its own arm here and an upcaster.
        "1".to_owned()
    }
}
