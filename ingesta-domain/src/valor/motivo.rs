//! `Motivo`: why a person or a process ended or flagged an ingesta, in free text.
//!
//! It promises 1 to 500 characters, not only white space, no control characters but line breaks and tabs.
//! It does not look for personal data in the text: that is why `Debug` is redacted.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ValorError;

/// A reason in free text.
///
/// ```
/// use ingesta_domain::valor::Motivo;
///
/// let motivo: Motivo = "limpieza rechazada".parse()?;
/// assert_eq!(format!("{motivo:?}"), "Motivo(..)");
/// assert_eq!(Motivo::new(" ").unwrap_err().code(), "motivo_invalido");
/// # Ok::<(), ingesta_domain::valor::ValorError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Motivo(String);

debug_redactado!(Motivo);

impl Motivo {
    /// The greatest length, in characters.
    pub const MAXIMO: usize = 500;

    /// Takes a reason as it was written.
    ///
    /// # Errors
    /// [`ValorError::MotivoInvalido`] if it is blank, too long or holds control characters.
    pub fn new(texto: impl Into<String>) -> Result<Self, ValorError> {
        let motivo = Self(texto.into());
        motivo.comprobar()?;
        Ok(motivo)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Asks today's bounds about a text that may come from a stored event.
    ///
    /// # Errors
    /// [`ValorError::MotivoInvalido`] if today's bounds would refuse it.
    pub fn comprobar(&self) -> Result<(), ValorError> {
        let texto = &self.0;
        let prohibido = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        // A character has at most four bytes, so most long texts are refused without counting.
        if texto.len() > Self::MAXIMO * 4
            || texto.chars().count() > Self::MAXIMO
            || texto.trim().is_empty()
            || texto.chars().any(prohibido)
        {
            return Err(ValorError::MotivoInvalido {
                maximo: Self::MAXIMO,
            });
        }
        Ok(())
    }
}

impl FromStr for Motivo {
    type Err = ValorError;

    fn from_str(texto: &str) -> Result<Self, Self::Err> {
        Self::new(texto)
    }
}
