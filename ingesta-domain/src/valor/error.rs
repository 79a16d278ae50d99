//! Why a value from outside was refused.
//!
//! It promises a stable `code()` for programs and a Spanish sentence for people, and names the field.
//! It never holds or prints the refused value: that may be a patient's id, an address or free text.

use thiserror::Error;

/// A value that is not what its type asks for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ValorError {
    /// An id that is not a uuid.
    #[error("{campo} debe ser un uuid")]
    IdInvalido {
        /// The field, as it is called on the wire.
        campo: &'static str,
    },
    /// An image address that [`UrlPath`](super::UrlPath) refuses.
    /// The sentence is the one that existing clients match; it must not change.
    #[error("URLValida - La ruta de la imagen debe ser valida")]
    UrlInvalida,
    /// A reason that is empty, too long, or holds control characters.
    #[error("el motivo debe tener entre 1 y {maximo} caracteres, sin caracteres de control")]
    MotivoInvalido {
        /// The greatest length, in characters.
        maximo: usize,
    },
    /// A declared fact that is too long to be kept, or holds control characters.
    #[error("{campo} admite hasta {maximo} caracteres, sin caracteres de control")]
    HechoInvalido {
        /// The field, as it is called on the wire.
        campo: &'static str,
        /// The greatest length, in characters.
        maximo: usize,
    },
    /// A word that is not the name of a state.
    #[error("el estado no existe")]
    EstadoDesconocido,
    /// A word that is not the code of a reason for rejection.
    #[error("el motivo de rechazo no existe")]
    MotivoRechazoDesconocido,
}

impl ValorError {
    /// A stable word for programs, in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::IdInvalido { .. } => "id_invalido",
            Self::UrlInvalida => "url_invalida",
            Self::MotivoInvalido { .. } => "motivo_invalido",
            Self::HechoInvalido { .. } => "hecho_invalido",
            Self::EstadoDesconocido => "estado_desconocido",
            Self::MotivoRechazoDesconocido => "motivo_rechazo_desconocido",
        }
    }

    /// The field that was refused, as it is called on the wire.
    #[must_use]
    pub const fn campo(&self) -> &'static str {
        match self {
            Self::IdInvalido { campo } | Self::HechoInvalido { campo, .. } => campo,
            Self::UrlInvalida => "url_path",
            Self::MotivoInvalido { .. } => "motivo",
            Self::EstadoDesconocido => "estado",
            Self::MotivoRechazoDesconocido => "motivos",
        }
    }
}
