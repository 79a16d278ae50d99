//! Commands as doors receive them: texts that nobody has checked yet.
//!
//! Promises: whatever door a wish comes through, the same checks are made and the same words refuse
//! it; a refused value is named by its field and never repeated.
//! It reads no format: a door does that and fills these in.

use chrono::{DateTime, Utc};
use ingesta_domain::ingesta::CrearIngesta;
use ingesta_domain::valor::{HechosRecibidos, UrlPath, ValorError};
use ingesta_event_store::fingerprint;

/// A wish for a new ingesta. What is absent is an empty text.
#[derive(Default)]
pub(crate) struct CrearIngestaRecibida {
    pub(crate) id_proveedor: String,
    pub(crate) id_paciente: String,
    pub(crate) url_path: String,
    pub(crate) hechos: HechosRecibidos,
}

impl CrearIngestaRecibida {
    /// The command, received at `fecha`.
    pub(crate) fn comprobada(self, fecha: DateTime<Utc>) -> Result<CrearIngesta, ValorError> {
        Ok(CrearIngesta {
            id_proveedor: self.id_proveedor.parse()?,
            id_paciente: self.id_paciente.parse()?,
            // Absent, null and wrong are one refusal, with the sentence that clients match.
            url_path: UrlPath::parse(&self.url_path)?,
            hechos: self.hechos.try_into()?,
            fecha,
        })
    }
}

/// The longest id of a command that the store takes.
const LONGEST: usize = 255;

/// The name in the store of a command that somebody outside has named.
///
/// What others choose stands behind the name of the door, so that it can never be the name of a
/// command of another door or of a reaction. What is too long to be kept, or no plain text, is
/// named by its hash.
pub(crate) fn nombre(puerta: &str, elegido: &str) -> String {
    let name = format!("{puerta}/{elegido}");
    if name.len() <= LONGEST && !elegido.chars().any(char::is_control) {
        return name;
    }
    let hash: String = fingerprint(&elegido)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{puerta}-sha256/{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_cannot_be_kept_is_named_by_its_hash() {
        assert_eq!(nombre("http", "pedido-1"), "http/pedido-1");
        for odd in ["a\0b".to_owned(), "x".repeat(300)] {
            let name = nombre("kafka", &odd);
            assert!(name.starts_with("kafka-sha256/"), "{name}");
            assert_eq!(name.len(), "kafka-sha256/".len() + 64);
            assert_ne!(name, nombre("kafka", &format!("{odd}.")));
        }
    }
}
