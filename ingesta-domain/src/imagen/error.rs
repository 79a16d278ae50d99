//! Why a command on an image was refused.
//!
//! It promises a stable `code()` and a Spanish sentence without a trailing dot.
//! It holds no personal data. An image that does not pass its verification is no error: that is a
//! verdict, and it is stored as an event.

use thiserror::Error;

/// A refusal of the aggregate `Imagen`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ImagenError {
    /// There is no image under this id.
    #[error("la imagen no existe")]
    ImagenNoExiste,
    /// The image under this id belongs to another ingesta.
    #[error("la imagen pertenece a otra ingesta")]
    OtraIngesta,
}

impl ImagenError {
    /// A stable word for programs, in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ImagenNoExiste => "imagen_no_existe",
            Self::OtraIngesta => "otra_ingesta",
        }
    }
}
