//! `UidDicom`: a DICOM unique identifier, syntax only.
//!
//! It promises 1 to 64 characters: numbers joined by single dots, no number with a leading zero
//! (the UI value representation of DICOM PS3.5, chapter 9).
//! It does not ask whether the root was ever assigned: real archives hold test roots like `999.999`.

use serde::{Deserialize, Serialize};

/// A well formed DICOM UID. It leads to a study of a person, so `Debug` is redacted.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UidDicom(String);

debug_redactado!(UidDicom);

impl UidDicom {
    /// The greatest length, in characters.
    pub const MAXIMO: usize = 64;

    /// Takes a well formed UID; `None` for everything else.
    ///
    /// ```
    /// use ingesta_domain::valor::UidDicom;
    ///
    /// assert!(UidDicom::parse("1.2.840.0.10008").is_some());
    /// assert!(UidDicom::parse("1.2..3").is_none());
    /// assert!(UidDicom::parse("1.02.3").is_none());
    /// ```
    #[must_use]
    pub fn parse(texto: &str) -> Option<Self> {
        let valido = texto.len() <= Self::MAXIMO && texto.split('.').all(es_numero);
        valido.then(|| Self(texto.to_owned()))
    }

    /// The identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn es_numero(parte: &str) -> bool {
    !parte.is_empty()
        && parte.bytes().all(|b| b.is_ascii_digit())
        && (parte.len() == 1 || !parte.starts_with('0'))
}
