//! `TextoHecho`: what a provider wrote about the content, kept as written.
//!
//! It promises a text of 1 to 256 characters without control characters (a database text cannot
//! hold all of them); an empty text means that nothing was said.
//! It does not say that the text is right: the verification of the image judges that.

use serde::{Deserialize, Serialize};

use super::ValorError;

/// One declared fact as text. It may be wrong; it is bounded and redacted in `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TextoHecho(String);

debug_redactado!(TextoHecho);

impl TextoHecho {
    /// The greatest length, in characters.
    pub const MAXIMO: usize = 256;

    /// Takes what was said in a field; nothing and the empty text are the same: absent.
    ///
    /// # Errors
    /// [`ValorError::HechoInvalido`] if the text is too long or holds control characters.
    pub fn opcional(
        campo: &'static str,
        texto: Option<String>,
    ) -> Result<Option<Self>, ValorError> {
        let Some(texto) = texto.filter(|texto| !texto.is_empty()) else {
            return Ok(None);
        };
        let hecho = Self(texto);
        hecho.comprobar(campo)?;
        Ok(Some(hecho))
    }

    /// The text as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Asks today's bounds about a text that may come from a stored event.
    pub(super) fn comprobar(&self, campo: &'static str) -> Result<(), ValorError> {
        // A character has at most four bytes, so most long texts are refused without counting.
        let largo = self.0.len() > Self::MAXIMO * 4 || self.0.chars().count() > Self::MAXIMO;
        if largo || self.0.chars().any(char::is_control) {
            return Err(ValorError::HechoInvalido {
                campo,
                maximo: Self::MAXIMO,
            });
        }
        Ok(())
    }
}
