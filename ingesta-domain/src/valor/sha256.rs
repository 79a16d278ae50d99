//! `Sha256`: the fingerprint of a file, as text.
//!
//! It promises 64 hexadecimal digits in lower case, whatever case was given.
//! It computes no hash: the file is not here.

use serde::{Deserialize, Serialize};

/// A SHA-256 in lower-case hexadecimal.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sha256(String);

debug_redactado!(Sha256);

impl Sha256 {
    /// Takes 64 hexadecimal digits of any case; `None` for everything else.
    ///
    /// ```
    /// use ingesta_domain::valor::Sha256;
    ///
    /// assert_eq!(Sha256::parse(&"A0".repeat(32)).unwrap().as_str(), "a0".repeat(32));
    /// assert!(Sha256::parse("a0").is_none());
    /// ```
    #[must_use]
    pub fn parse(texto: &str) -> Option<Self> {
        let valido = texto.len() == 64 && texto.bytes().all(|b| b.is_ascii_hexdigit());
        valido.then(|| Self(texto.to_ascii_lowercase()))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
