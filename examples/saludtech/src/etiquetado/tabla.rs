//! The table of labels: words of a study to words of ours.
//!
//! Promises: no dice, no clock: the same words give the same labels, here and in every other program
//! that reads the same file; what is not in the table is not repeated.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The table, read once.
#[derive(Debug, Deserialize)]
pub struct Tabla {
    modalidades: BTreeMap<String, String>,
    regiones: BTreeMap<String, String>,
    hallazgos: BTreeMap<String, String>,
}

/// What a study says of itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Descrito<'a> {
    /// DICOM modality code.
    pub modalidad: Option<&'a str>,
    /// Which part of the body.
    pub region_anatomica: Option<&'a str>,
    /// Free words.
    pub patologia: Option<&'a str>,
}

/// The labels of a study.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Etiquetas {
    /// The modality's code.
    pub modalidad: String,
    /// The region, where the table knows it.
    pub region_anatomica: Option<String>,
    /// The first finding that the table knows.
    pub patologia: Option<String>,
    /// All labels, in order, none twice.
    pub etiquetas: Vec<String>,
}

/// Characters of a DICOM code at most.
const CODE_MAX: usize = 16;

impl Tabla {
    /// The committed one.
    ///
    /// # Panics
    /// Never: a test reads the committed table.
    #[must_use]
    pub fn committed() -> Self {
        let text = include_str!("../../etiquetas.json");
        serde_json::from_str(text).expect("a test reads the committed table")
    }

    /// The labels of a study.
    ///
    /// ```
    /// use saludtech::etiquetado::{Descrito, Tabla};
    ///
    /// let tabla = Tabla::committed();
    /// let study = Descrito {
    ///     modalidad: Some("ct"),
    ///     region_anatomica: Some("CHEST"),
    ///     patologia: Some("Sospecha de neumonía; derrame"),
    /// };
    /// let labels = tabla.etiquetas(&study)?;
    /// assert_eq!(labels.patologia.as_deref(), Some("neumonia"));
    /// assert_eq!(labels.etiquetas, [
    ///     "modalidad:tomografia", "region:torax", "hallazgo:neumonia", "hallazgo:derrame",
    /// ]);
    ///
    /// assert_eq!(tabla.etiquetas(&Descrito::default()), Err("modalidad_requerida"));
    /// # Ok::<(), &str>(())
    /// ```
    ///
    /// # Errors
    /// The code of what is missing or malformed.
    pub fn etiquetas(&self, study: &Descrito<'_>) -> Result<Etiquetas, &'static str> {
        let said = study
            .modalidad
            .map(str::trim)
            .filter(|code| !code.is_empty());
        let modalidad = said.ok_or("modalidad_requerida")?.to_ascii_uppercase();
        let legal = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        if modalidad.len() > CODE_MAX || !modalidad.chars().all(legal) {
            return Err("modalidad_invalida");
        }
        let (region, text) = (words(study.region_anatomica), words(study.patologia));
        let region = region.iter().chain(&text);
        let region = region.filter_map(|word| self.regiones.get(word)).next();
        let found: Vec<&String> = text
            .iter()
            .filter_map(|word| self.hallazgos.get(word))
            .collect();
        let name = self.modalidades.get(&modalidad);
        let mut etiquetas = vec![format!("modalidad:{}", name.unwrap_or(&modalidad))];
        etiquetas.extend(region.map(|region| format!("region:{region}")));
        for finding in &found {
            let label = format!("hallazgo:{finding}");
            if !etiquetas.contains(&label) {
                etiquetas.push(label);
            }
        }
        Ok(Etiquetas {
            region_anatomica: region.cloned(),
            patologia: found.first().map(|first| (*first).clone()),
            modalidad,
            etiquetas,
        })
    }
}

/// The words of a text: small letters without accents, and digits.
fn words(text: Option<&str>) -> Vec<String> {
    let plain = text.unwrap_or_default().to_lowercase();
    let plain: String = plain.chars().map(without_accent).collect();
    let parts = plain.split(|c: char| !c.is_ascii_alphanumeric());
    let parts = parts.filter(|word| !word.is_empty());
    parts.map(str::to_owned).collect()
}

fn without_accent(c: char) -> char {
    match c {
        'á' => 'a',
        'é' => 'e',
        'í' => 'i',
        'ó' => 'o',
        'ú' | 'ü' => 'u',
        'ñ' => 'n',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_table_does_not_know_is_not_repeated() {
        let study = Descrito {
            modalidad: Some(" OT "),
            region_anatomica: Some("Juan Perez"),
            patologia: Some("paciente Juan Pérez, riñón con CÁLCULO, cálculo"),
        };
        let labels = Tabla::committed()
            .etiquetas(&study)
            .expect("it has a modality");
        assert_eq!(
            labels.etiquetas,
            ["modalidad:OT", "region:abdomen", "hallazgo:calculo"]
        );
    }

    #[test]
    fn a_code_that_is_none_is_refused() {
        for wrong in ["C T", "tomografía", "AVERYLONGMODALITYCODE"] {
            let study = Descrito {
                modalidad: Some(wrong),
                ..Descrito::default()
            };
            assert_eq!(
                Tabla::committed().etiquetas(&study),
                Err("modalidad_invalida")
            );
        }
    }
}
