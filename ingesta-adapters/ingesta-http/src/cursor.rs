//! `Cursor`: where the next page of a list begins, as an opaque text.
//!
//! Promises: what was encoded is decoded; a cursor of another list, filter or direction, of another
//! version, or a damaged one is a 400 (`cursor_invalido`), never another page.
//! It does not sign or hide the key: a cursor gives no right, and the key in it is to be treated
//! like any other query parameter. Put no personal data into it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::Problem;

const VERSION: u8 = 1;
const HASH: usize = 8;
/// Longest cursor text that is looked at; beyond it nobody of ours made it.
const LONGEST: usize = 2_048;

/// The last key of a page, bound to the list that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    last_key: String,
}

impl Cursor {
    /// A cursor after `last_key`, at most 1,000 bytes of text.
    pub fn after(last_key: impl Into<String>) -> Self {
        Self {
            last_key: last_key.into(),
        }
    }

    /// The key after which the page begins.
    pub fn last_key(&self) -> &str {
        &self.last_key
    }

    /// The opaque text, bound to `list`: any text that names the list with its filter and its
    /// direction; the same text must be given to [`Cursor::decode`].
    pub fn encode(&self, list: &str) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&hash(list));
        bytes.extend_from_slice(self.last_key.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a text that [`Cursor::encode`] made for the same `list`.
    ///
    /// # Errors
    ///
    /// 400 `cursor_invalido`, without quoting the text.
    ///
    /// ```
    /// use ingesta_http::Cursor;
    ///
    /// let text = Cursor::after("0190-17").encode("things?state=open&asc");
    /// assert_eq!(Cursor::decode(&text, "things?state=open&asc")?.last_key(), "0190-17");
    /// assert_eq!(Cursor::decode(&text, "things?state=shut&asc").unwrap_err().code(), "cursor_invalido");
    /// # Ok::<(), ingesta_http::Problem>(())
    /// ```
    pub fn decode(text: &str, list: &str) -> Result<Self, Problem> {
        Self::read(text, list).ok_or_else(|| {
            let detail = "el cursor no es de esta lista; pida de nuevo la primera página";
            Problem::bad_request("cursor_invalido", detail).with("campo", "cursor")
        })
    }

    fn read(text: &str, list: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (version, rest) = bytes.split_first()?;
        let (bound_to, key) = rest.split_at_checked(HASH)?;
        if *version != VERSION || bound_to != hash(list) {
            return None;
        }
        String::from_utf8(key.to_vec()).ok().map(Self::after)
    }
}

/// Stable between builds and machines, unlike the standard library's hasher.
fn hash(list: &str) -> [u8; HASH] {
    let digest = Sha256::digest(list.as_bytes());
    let mut short = [0; HASH];
    short.copy_from_slice(&digest[..HASH]);
    short
}
