//! `Modalidad`: the kind of device or object, as a DICOM modality code.
//!
//! It promises a code of the table below: the defined terms of DICOM PS3.3, C.7.3.1.1.1, current and
//! retired, because archives keep what old devices wrote.
//! It does not fold case or trim: the standard's codes are upper case, and a code that is not the
//! standard's is something the provider should hear about.

use serde::{Deserialize, Serialize};

/// A known DICOM modality code.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Modalidad(String);

impl Modalidad {
    /// The codes of the current standard, in alphabetical order.
    #[rustfmt::skip]
    pub const VIGENTES: &'static [&'static str] = &[
        "ANN", "AR", "ASMT", "AU", "BDUS", "BI", "BMD", "CFM", "CR", "CT", "CTPROTOCOL", "DG",
        "DMS", "DOC", "DX", "ECG", "EEG", "EMG", "EOG", "EPS", "ES", "FID", "GM", "HC", "HD", "IO",
        "IOL", "IVOCT", "IVUS", "KER", "KO", "LEN", "LS", "M3D", "MG", "MR", "NM", "OAM", "OCT",
        "OP", "OPM", "OPT", "OPTBSV", "OPTENF", "OPV", "OSS", "OT", "PA", "PLAN", "POS", "PR", "PT",
        "PX", "REG", "RESP", "RF", "RG", "RTDOSE", "RTIMAGE", "RTINTENT", "RTPLAN", "RTRAD",
        "RTRECORD", "RTSEGANN", "RTSTRUCT", "RWV", "SEG", "SM", "SMR", "SR", "SRF", "STAIN",
        "TEXTUREMAP", "TG", "US", "VA", "XA", "XAPROTOCOL", "XC",
    ];

    /// The codes that the standard has retired, in alphabetical order.
    #[rustfmt::skip]
    pub const RETIRADAS: &'static [&'static str] = &[
        "AS", "CD", "CF", "CP", "CS", "DD", "DF", "DM", "DS", "EC", "FA", "FS", "LP", "MA", "MS",
        "OPR", "ST", "VF",
    ];

    /// Takes a known code; `None` for everything else.
    ///
    /// ```
    /// use ingesta_domain::valor::Modalidad;
    ///
    /// assert_eq!(Modalidad::parse("SEG").unwrap().as_str(), "SEG");
    /// assert!(Modalidad::parse("DS").is_some()); // retired, still in archives
    /// assert!(Modalidad::parse("XX").is_none());
    /// ```
    #[must_use]
    pub fn parse(texto: &str) -> Option<Self> {
        let conocida = Self::VIGENTES.contains(&texto) || Self::RETIRADAS.contains(&texto);
        conocida.then(|| Self(texto.to_owned()))
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
