//! `Codigo`: why something was refused, as one stable word for programs.
//!
//! It promises 1 to 64 lower-case letters, digits, `_` or `-`: no free text and nothing personal fits.
//! It does not know the words: each belongs to whoever refuses.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The code of a refusal.
///
/// ```
/// use ingesta_domain::valor::Codigo;
///
/// assert_eq!(Codigo::recibido("sin_datos").unwrap().as_str(), "sin_datos");
/// assert!(Codigo::recibido("Juan Perez, 42").is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Codigo(String);

impl Codigo {
    /// The greatest length, in bytes.
    pub const MAXIMO: usize = 64;

    /// Takes a code from outside; `None` for everything that is none.
    #[must_use]
    pub fn recibido(texto: &str) -> Option<Self> {
        let letra = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        let bien = (1..=Self::MAXIMO).contains(&texto.len()) && texto.bytes().all(letra);
        bien.then(|| Self(texto.to_owned()))
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Codigo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
