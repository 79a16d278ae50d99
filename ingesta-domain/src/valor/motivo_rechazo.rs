//! `MotivoRechazo`: the closed list of reasons for which an image is refused.
//!
//! It promises a stable snake_case code, which is also its JSON, and the field that is to blame.
//! It never holds the wrong value, so a reason may be logged, stored and shown.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ValorError;

/// One reason to refuse an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MotivoRechazo {
    /// The address breaks the rule of [`UrlPath`](super::UrlPath).
    UrlInvalida,
    /// The fingerprint is not 64 hexadecimal digits.
    Sha256Invalido,
    /// The size is zero or negative.
    BytesInvalidos,
    /// The modality is not a DICOM code.
    ModalidadDesconocida,
    /// The Study Instance UID is not well formed.
    StudyInstanceUidInvalido,
    /// The Series Instance UID is not well formed.
    SeriesInstanceUidInvalido,
    /// The SOP Instance UID is not well formed.
    SopInstanceUidInvalido,
}

impl MotivoRechazo {
    /// Every reason, in the order of the fields.
    pub const TODOS: [Self; 7] = [
        Self::UrlInvalida,
        Self::Sha256Invalido,
        Self::BytesInvalidos,
        Self::ModalidadDesconocida,
        Self::StudyInstanceUidInvalido,
        Self::SeriesInstanceUidInvalido,
        Self::SopInstanceUidInvalido,
    ];

    /// The code, the same as in JSON.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UrlInvalida => "url_invalida",
            Self::Sha256Invalido => "sha256_invalido",
            Self::BytesInvalidos => "bytes_invalidos",
            Self::ModalidadDesconocida => "modalidad_desconocida",
            Self::StudyInstanceUidInvalido => "study_instance_uid_invalido",
            Self::SeriesInstanceUidInvalido => "series_instance_uid_invalido",
            Self::SopInstanceUidInvalido => "sop_instance_uid_invalido",
        }
    }

    /// The field that is to blame, as it is called on the wire.
    #[must_use]
    pub const fn campo(self) -> &'static str {
        match self {
            Self::UrlInvalida => "url_path",
            Self::Sha256Invalido => "sha256",
            Self::BytesInvalidos => "bytes",
            Self::ModalidadDesconocida => "modalidad",
            Self::StudyInstanceUidInvalido => "study_instance_uid",
            Self::SeriesInstanceUidInvalido => "series_instance_uid",
            Self::SopInstanceUidInvalido => "sop_instance_uid",
        }
    }
}

impl fmt::Display for MotivoRechazo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl FromStr for MotivoRechazo {
    type Err = ValorError;

    fn from_str(texto: &str) -> Result<Self, Self::Err> {
        Self::TODOS
            .into_iter()
            .find(|motivo| motivo.code() == texto)
            .ok_or(ValorError::MotivoRechazoDesconocido)
    }
}
