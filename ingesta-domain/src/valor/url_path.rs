//! `UrlPath`: where the image can be fetched. A reference, never the pixels.
//!
//! It promises an http or https address with a host, without credentials, white space or control
//! characters, at most 2,048 bytes, kept exactly as it was given.
//! It fetches nothing and does not say that the address answers.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use super::ValorError;

/// The address of an image, parsed once when it enters.
///
/// `Deserialize` takes the text as it is, because it reads *stored* events: the rule may become
/// stricter, rows may come from an older writer, and one odd row must not make its stream, a list or
/// a rebuild unreadable (B-27). Who reads a request uses [`UrlPath::parse`].
///
/// ```
/// use ingesta_domain::valor::UrlPath;
///
/// let url = UrlPath::parse("https://imagenes.example.org/CT_small.dcm")?;
/// assert_eq!(url.as_str(), "https://imagenes.example.org/CT_small.dcm");
/// assert_eq!(format!("{url:?}"), "UrlPath(..)");
///
/// let refused = UrlPath::parse("ftp://x").unwrap_err();
/// assert_eq!(refused.to_string(), "URLValida - La ruta de la imagen debe ser valida");
/// # Ok::<(), ingesta_domain::valor::ValorError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UrlPath(String);

debug_redactado!(UrlPath);

impl UrlPath {
    /// The greatest length, in bytes.
    pub const MAXIMO_BYTES: usize = 2_048;

    /// Takes an address if it obeys the rule.
    ///
    /// # Errors
    /// [`ValorError::UrlInvalida`] for everything else; the address is not repeated in the error.
    pub fn parse(texto: &str) -> Result<Self, ValorError> {
        obedece(texto)
            .then(|| Self(texto.to_owned()))
            .ok_or(ValorError::UrlInvalida)
    }

    /// The address as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Asks today's rule about an address that may come from a stored event.
    ///
    /// # Errors
    /// [`ValorError::UrlInvalida`] if today's rule would refuse it.
    pub fn comprobar(&self) -> Result<(), ValorError> {
        obedece(&self.0)
            .then_some(())
            .ok_or(ValorError::UrlInvalida)
    }
}

impl FromStr for UrlPath {
    type Err = ValorError;

    fn from_str(texto: &str) -> Result<Self, Self::Err> {
        Self::parse(texto)
    }
}

/// The parser repairs what people type into browsers: it drops tabs, turns `\` into `/`, reads
/// `http:host` and `http:///host` as `http://host`. The text is kept as given and others will parse
/// it by other rules, so whatever needs a repair is refused before the parser sees it.
fn obedece(texto: &str) -> bool {
    // The length first: a text of a megabyte is not worth reading.
    if texto.len() > UrlPath::MAXIMO_BYTES
        || texto
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || c == '\\')
    {
        return false;
    }
    let Some((esquema, resto)) = texto.split_once("://") else {
        return false;
    };
    if !esquema.eq_ignore_ascii_case("http") && !esquema.eq_ignore_ascii_case("https") {
        return false;
    }
    let autoridad = resto.split(['/', '?', '#']).next().unwrap_or_default();
    if autoridad.is_empty() || autoridad.contains('@') {
        return false;
    }
    Url::parse(texto).is_ok_and(|url| url.host_str().is_some_and(|host| !host.is_empty()))
}
