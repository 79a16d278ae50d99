//! What is answered: the views' rows, in the names of the first systems' schema.

use async_graphql::{Enum, ID, SimpleObject};
use chrono::{DateTime, Utc};
use ingesta_event_store::Executed;

use crate::vistas::{FilaImagen, FilaIngesta};

/// An ingesta.
#[derive(SimpleObject)]
#[graphql(name = "Ingesta")]
pub(super) struct Ingesta {
    /// Which one.
    id_ingesta: ID,
    /// Who handed the image in.
    id_proveedor: String,
    /// Whose image it is, under the provider's pseudonym.
    id_paciente: String,
    /// Where the image is.
    url_path: String,
    /// Where it is in its life.
    estado: String,
    /// When it was handed in.
    fecha_creacion: DateTime<Utc>,
    /// When its latest event happened.
    fecha_actualizacion: DateTime<Utc>,
    /// When it was withdrawn or undone.
    fecha_eliminacion: Option<DateTime<Utc>>,
    /// Why it was refused, in codes.
    motivos: Vec<String>,
    /// The latest reason for which it was flagged or undone.
    motivo: Option<String>,
    /// The number of its events so far.
    version: u64,
}

impl From<FilaIngesta> for Ingesta {
    fn from(fila: FilaIngesta) -> Self {
        Self {
            id_ingesta: fila.id_ingesta.to_string().into(),
            id_proveedor: fila.id_proveedor.to_string(),
            id_paciente: fila.id_paciente.as_uuid().to_string(),
            url_path: fila.url_path.as_str().to_owned(),
            estado: fila.estado.as_str().to_owned(),
            fecha_creacion: fila.fecha_creacion,
            fecha_actualizacion: fila.fecha_actualizacion,
            fecha_eliminacion: fila.fecha_eliminacion,
            motivos: fila.motivos.iter().map(ToString::to_string).collect(),
            motivo: fila.motivo.map(|motivo| motivo.as_str().to_owned()),
            version: fila.version,
        }
    }
}

/// One page of ingestas, in the order in which they were handed in.
#[derive(SimpleObject)]
pub(super) struct PaginaIngestas {
    /// The rows.
    pub(super) ingestas: Vec<Ingesta>,
    /// What to ask for as `despues`; none on the last page.
    pub(super) siguiente: Option<ID>,
}

/// The image of an ingesta, with its verdict.
#[derive(SimpleObject)]
#[graphql(name = "Imagen")]
pub(super) struct Imagen {
    /// Which one.
    id_imagen: ID,
    /// Of which ingesta.
    id_ingesta: ID,
    /// The verdict, or that it is undone.
    estado: String,
    /// The number of its events so far.
    version: u64,
}

impl From<FilaImagen> for Imagen {
    fn from(fila: FilaImagen) -> Self {
        Self {
            id_imagen: fila.id_imagen.to_string().into(),
            id_ingesta: fila.id_ingesta.to_string().into(),
            estado: fila.estado.as_str().to_owned(),
            version: fila.version,
        }
    }
}

/// The answer to a new ingesta. It is stored: what was not is an error.
#[derive(SimpleObject)]
pub(super) struct IngestaRespuesta {
    /// The first systems' sentence.
    mensaje: &'static str,
    /// The first systems' number.
    codigo: i32,
    /// Which ingesta.
    id_ingesta: ID,
    /// Where in the log, for `desde`.
    posicion: String,
    /// The version after the command.
    version: u64,
}

impl From<Executed> for IngestaRespuesta {
    fn from(executed: Executed) -> Self {
        Self {
            mensaje: "Procesando Mensaje",
            codigo: 203,
            id_ingesta: executed.stream.aggregate_id.into(),
            posicion: executed.position.to_string(),
            version: executed.version,
        }
    }
}

/// What is told while it happens.
#[derive(SimpleObject)]
pub(super) struct Suceso {
    /// The topic that has the same message.
    pub(super) topico: String,
    /// What to ask for as `desde` to go on behind it; none where more is told of the same event.
    pub(super) cursor: Option<String>,
    /// The message, as the topic has it in JSON.
    pub(super) mensaje: String,
}

/// For whom something is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum Canal {
    /// Whatever happens to ingestas and their images.
    Todo,
    /// What failed and was undone.
    Fallos,
    /// What waits for a person; needs the role admin.
    Alertas,
}
