//! What can be asked of an image: one struct per command, one enum over them.
//!
//! It promises what [`crate::ingesta`]'s commands promise: checked values, a redacted `Debug`, and a
//! serialised form without the time of arrival.
//! The id of the image is not here: it is the id of the stream, derived from the ingesta's.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::valor::{HechosDeclarados, IdIngesta, UrlPath};

/// Take in the image of an ingesta and judge what was declared about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CrearImagen {
    /// The ingesta that the image belongs to.
    pub id_ingesta: IdIngesta,
    /// Where the image is. It comes from a stored event and is judged like the facts.
    pub url_path: UrlPath,
    /// What the provider said about the content.
    pub hechos: HechosDeclarados,
    /// When, by the clock at the edge.
    #[serde(skip)]
    pub fecha: DateTime<Utc>,
}

/// Undo an image because its ingesta failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RevertirImagen {
    /// When, by the clock at the edge.
    #[serde(skip)]
    pub fecha: DateTime<Utc>,
}

/// Any command of the aggregate `Imagen`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum ImagenCommand {
    /// See [`CrearImagen`].
    CrearImagen(CrearImagen),
    /// See [`RevertirImagen`].
    RevertirImagen(RevertirImagen),
}

variantes!(ImagenCommand: CrearImagen, RevertirImagen);
