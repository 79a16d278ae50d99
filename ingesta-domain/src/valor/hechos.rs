//! The facts about the content of an image: as received, as declared, as verified.
//!
//! It promises that absent facts never reject an image, that every wrong fact is named (not only the
//! first), and that the verdict is a function of the facts and of nothing else (B-38).
//! It does not look at the image itself: no pixel enters this system.

use serde::{Deserialize, Serialize};

use super::{Bytes, Modalidad, MotivoRechazo, Sha256, TextoHecho, UidDicom, ValorError};

/// The facts as they stand in a request: nothing checked. An empty text means absent.
#[derive(Clone, Default)]
pub struct HechosRecibidos {
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: Option<String>,
    /// Size of the file, in bytes.
    pub bytes: Option<i64>,
    /// DICOM modality code.
    pub modalidad: Option<String>,
    /// DICOM Study Instance UID.
    pub study_instance_uid: Option<String>,
    /// DICOM Series Instance UID.
    pub series_instance_uid: Option<String>,
    /// DICOM SOP Instance UID.
    pub sop_instance_uid: Option<String>,
}

debug_redactado!(HechosRecibidos);

/// What the provider said about the content. All optional, bounded, and possibly wrong.
///
/// ```
/// use ingesta_domain::valor::{HechosDeclarados, HechosRecibidos, MotivoRechazo};
///
/// let hechos = HechosDeclarados::try_from(HechosRecibidos {
///     modalidad: Some("MR".into()),
///     bytes: Some(0),
///     sop_instance_uid: Some(String::new()), // absent
///     ..HechosRecibidos::default()
/// })?;
/// assert_eq!(hechos.verificar().unwrap_err(), [MotivoRechazo::BytesInvalidos]);
///
/// let refused = HechosDeclarados::try_from(HechosRecibidos {
///     modalidad: Some("M".repeat(257)),
///     ..HechosRecibidos::default()
/// });
/// assert_eq!(refused.unwrap_err().code(), "hecho_invalido");
/// # Ok::<(), ingesta_domain::valor::ValorError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HechosDeclarados {
    /// SHA-256 of the file, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<TextoHecho>,
    /// Size of the file, in bytes. May be zero or negative: that is what was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<i64>,
    /// DICOM modality code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modalidad: Option<TextoHecho>,
    /// DICOM Study Instance UID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub study_instance_uid: Option<TextoHecho>,
    /// DICOM Series Instance UID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series_instance_uid: Option<TextoHecho>,
    /// DICOM SOP Instance UID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sop_instance_uid: Option<TextoHecho>,
}

/// The facts after verification: each is absent or well formed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HechosContenido {
    /// SHA-256 of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// Size of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Bytes>,
    /// DICOM modality code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modalidad: Option<Modalidad>,
    /// DICOM Study Instance UID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub study_instance_uid: Option<UidDicom>,
    /// DICOM Series Instance UID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series_instance_uid: Option<UidDicom>,
    /// DICOM SOP Instance UID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sop_instance_uid: Option<UidDicom>,
}

impl TryFrom<HechosRecibidos> for HechosDeclarados {
    type Error = ValorError;

    fn try_from(r: HechosRecibidos) -> Result<Self, Self::Error> {
        Ok(Self {
            sha256: TextoHecho::opcional("sha256", r.sha256)?,
            bytes: r.bytes,
            modalidad: TextoHecho::opcional("modalidad", r.modalidad)?,
            study_instance_uid: TextoHecho::opcional("study_instance_uid", r.study_instance_uid)?,
            series_instance_uid: TextoHecho::opcional(
                "series_instance_uid",
                r.series_instance_uid,
            )?,
            sop_instance_uid: TextoHecho::opcional("sop_instance_uid", r.sop_instance_uid)?,
        })
    }
}

impl HechosDeclarados {
    /// Asks today's bounds about facts that may not have come through [`HechosRecibidos`].
    ///
    /// # Errors
    /// [`ValorError::HechoInvalido`] for the first text that breaks them.
    pub fn comprobar(&self) -> Result<(), ValorError> {
        let textos = [
            ("sha256", &self.sha256),
            ("modalidad", &self.modalidad),
            ("study_instance_uid", &self.study_instance_uid),
            ("series_instance_uid", &self.series_instance_uid),
            ("sop_instance_uid", &self.sop_instance_uid),
        ];
        for (campo, texto) in textos {
            if let Some(texto) = texto {
                texto.comprobar(campo)?;
            }
        }
        Ok(())
    }

    /// Judges every declared fact. Absent facts are neither right nor wrong.
    ///
    /// # Errors
    /// One [`MotivoRechazo`] for each fact that is not well formed, in the order of the fields.
    pub fn verificar(&self) -> Result<HechosContenido, Vec<MotivoRechazo>> {
        let mut motivos = Vec::new();
        let hechos = HechosContenido {
            sha256: juzgar(
                texto(&self.sha256),
                Sha256::parse,
                MotivoRechazo::Sha256Invalido,
                &mut motivos,
            ),
            bytes: juzgar(
                self.bytes,
                Bytes::new,
                MotivoRechazo::BytesInvalidos,
                &mut motivos,
            ),
            modalidad: juzgar(
                texto(&self.modalidad),
                Modalidad::parse,
                MotivoRechazo::ModalidadDesconocida,
                &mut motivos,
            ),
            study_instance_uid: juzgar(
                texto(&self.study_instance_uid),
                UidDicom::parse,
                MotivoRechazo::StudyInstanceUidInvalido,
                &mut motivos,
            ),
            series_instance_uid: juzgar(
                texto(&self.series_instance_uid),
                UidDicom::parse,
                MotivoRechazo::SeriesInstanceUidInvalido,
                &mut motivos,
            ),
            sop_instance_uid: juzgar(
                texto(&self.sop_instance_uid),
                UidDicom::parse,
                MotivoRechazo::SopInstanceUidInvalido,
                &mut motivos,
            ),
        };
        if motivos.is_empty() {
            Ok(hechos)
        } else {
            Err(motivos)
        }
    }
}

/// A stored fact may be the empty text of an older writer: that is absent, too.
fn texto(hecho: &Option<TextoHecho>) -> Option<&str> {
    hecho
        .as_ref()
        .map(TextoHecho::as_str)
        .filter(|texto| !texto.is_empty())
}

/// Judges one fact; a wrong one leaves its reason in `motivos`.
fn juzgar<D, V>(
    dicho: Option<D>,
    regla: impl FnOnce(D) -> Option<V>,
    motivo: MotivoRechazo,
    motivos: &mut Vec<MotivoRechazo>,
) -> Option<V> {
    let verificado = regla(dicho?);
    if verificado.is_none() {
        motivos.push(motivo);
    }
    verificado
}
