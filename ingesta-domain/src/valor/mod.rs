//! The value objects: small types that cannot hold nonsense, one file each.
//!
//! A value is checked once, where it enters (`parse`, `new`, `TryFrom`); after that its type is the proof.
//! Reading a *stored* value never runs today's rule again: a rule may become stricter, and an event
//! that was accepted once must stay readable for ever (defect B-27 of the system this one replaces).
//! So `Deserialize` is for stored data only; whatever comes from outside goes through the constructor,
//! and `decide` checks what it creates once more, so that skipping the constructor gains nothing.

#[macro_use]
mod redactado;

mod bytes;
mod codigo;
mod error;
mod estado;
mod hechos;
mod id;
mod modalidad;
mod motivo;
mod motivo_rechazo;
mod sha256;
mod texto_hecho;
mod uid_dicom;
mod url_path;

pub use bytes::Bytes;
pub use codigo::Codigo;
pub use error::ValorError;
pub use estado::{EstadoImagen, EstadoIngesta};
pub use hechos::{HechosContenido, HechosDeclarados, HechosRecibidos};
pub use id::{IdAnonimizado, IdEtiquetado, IdImagen, IdIngesta, IdPaciente, IdProveedor};
pub use modalidad::Modalidad;
pub use motivo::Motivo;
pub use motivo_rechazo::MotivoRechazo;
pub use sha256::Sha256;
pub use texto_hecho::TextoHecho;
pub use uid_dicom::UidDicom;
pub use url_path::UrlPath;
