//! What can be asked without changing anything: one struct per query.
//!
//! It promises that a query is a type of its own, apart from the commands, and names what is asked.
//! It holds no answer: answers are views, and views belong to who keeps them (the server), so the
//! handler trait that ties a query to its answer is declared there.

use std::num::NonZeroU32;

use chrono::{DateTime, Utc};

use crate::valor::{EstadoIngesta, IdIngesta, IdProveedor};

/// A question to the read side.
pub trait Consulta {
    /// The name of the question: the word used in metrics and in the glossary.
    const NOMBRE: &'static str;
}

/// One ingesta by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObtenerIngesta {
    /// The id that was answered when it was handed in.
    pub id: IdIngesta,
}

/// One page of all ingestas, in the order of their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObtenerTodasIngestas {
    /// Only those of this provider; `None`: of all.
    pub de: Option<IdProveedor>,
    /// Only those in this state; `None`: in any.
    pub estado: Option<EstadoIngesta>,
    /// The newest first.
    pub recientes: bool,
    /// The last id of the page before; `None` asks for the first page.
    pub despues_de: Option<IdIngesta>,
    /// The greatest number of rows; the server may answer with fewer.
    pub limite: NonZeroU32,
}

/// The image of an ingesta.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObtenerImagen {
    /// The ingesta that the image belongs to.
    pub id_ingesta: IdIngesta,
}

/// The saga of an ingesta.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObtenerSaga {
    /// The ingesta that the saga leads to its end.
    pub id_ingesta: IdIngesta,
}

/// As of when something is asked that may be past. There is no clock here: whether an instant has
/// come is known to whoever keeps the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Momento {
    /// Right after this many of its events; 0 is before the first one.
    Version(u64),
    /// Right after this instant.
    Instante(DateTime<Utc>),
}

/// One ingesta by its id, as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObtenerIngestaPasada {
    /// The id that was answered when it was handed in.
    pub id: IdIngesta,
    /// As of when.
    pub momento: Momento,
}

/// The image of an ingesta, as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObtenerImagenPasada {
    /// The ingesta that the image belongs to.
    pub id_ingesta: IdIngesta,
    /// As of when; a version is the image's own.
    pub momento: Momento,
}

/// Everything that has happened to an ingesta and its image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObtenerHistoria {
    /// Which ingesta.
    pub id: IdIngesta,
}

impl Consulta for ObtenerHistoria {
    const NOMBRE: &'static str = "ObtenerHistoria";
}

impl Consulta for ObtenerIngesta {
    const NOMBRE: &'static str = "ObtenerIngesta";
}

impl Consulta for ObtenerTodasIngestas {
    const NOMBRE: &'static str = "ObtenerTodasIngestas";
}

impl Consulta for ObtenerImagen {
    const NOMBRE: &'static str = "ObtenerImagen";
}

impl Consulta for ObtenerIngestaPasada {
    const NOMBRE: &'static str = "ObtenerIngestaPasada";
}

impl Consulta for ObtenerImagenPasada {
    const NOMBRE: &'static str = "ObtenerImagenPasada";
}

impl Consulta for ObtenerSaga {
    const NOMBRE: &'static str = "ObtenerSaga";
}
