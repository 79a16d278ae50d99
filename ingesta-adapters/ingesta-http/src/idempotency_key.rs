//! `IdempotencyKey`: the client's name for one command (draft-ietf-httpapi-idempotency-key-header).
//!
//! Promises: 1 to 255 printable ASCII characters; a quoted structured-field string and a bare text
//! of the same characters are the same key; a malformed, repeated or listed header is a 400, since
//! to ignore it would run a command twice.
//! It does not remember keys, and its `Debug` does not show one: clients put ids into keys.

use std::fmt;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;

use crate::Problem;
use crate::header_text::single;

const HEADER: &str = "idempotency-key";
const LONGEST: usize = 255;

/// The `Idempotency-Key` of a request.
///
/// Take `Option<IdempotencyKey>` where the header may be absent, and `IdempotencyKey` where it must
/// be there (400 `idempotency_key_ausente` otherwise).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Reads a header value, quoted or bare.
    ///
    /// # Errors
    ///
    /// 400 `idempotency_key_malformado`, without quoting the value.
    ///
    /// ```
    /// use ingesta_http::IdempotencyKey;
    ///
    /// let quoted = IdempotencyKey::parse("\"order-17\"")?;
    /// assert_eq!(quoted, IdempotencyKey::parse("order-17")?);
    /// assert!(IdempotencyKey::parse("").is_err());
    /// assert!(IdempotencyKey::parse("order-17, order-18").is_err());
    /// # Ok::<(), ingesta_http::Problem>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let key = match text.strip_prefix('"') {
            Some(inner) => unquote(inner),
            None => bare(text),
        };
        let key = key.filter(|key| (1..=LONGEST).contains(&key.len()));
        key.map(Self).ok_or_else(malformed)
    }

    /// The key without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdempotencyKey({} characters)", self.0.len())
    }
}

/// RFC 9651 section 3.3.3: only the quote and the backslash may be escaped.
fn unquote(inner: &str) -> Option<String> {
    let mut key = String::with_capacity(inner.len());
    let mut rest = inner.chars();
    loop {
        match rest.next()? {
            '"' => return rest.as_str().is_empty().then_some(key),
            '\\' => key.push(rest.next().filter(|c| matches!(c, '"' | '\\'))?),
            c @ ' '..='~' => key.push(c),
            _ => return None,
        }
    }
}

/// A bare comma means that a proxy joined two headers, so it is refused like a repeated one.
fn bare(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | ',');
    text.chars().all(plain).then(|| text.to_owned())
}

fn malformed() -> Problem {
    let detail =
        "Idempotency-Key debe venir una sola vez, con 1 a 255 caracteres ASCII imprimibles";
    Problem::bad_request("idempotency_key_malformado", detail)
}

fn read(parts: &Parts) -> Result<Option<IdempotencyKey>, Problem> {
    let text = single(&parts.headers, HEADER).map_err(|_| malformed())?;
    text.map(IdempotencyKey::parse).transpose()
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        read(parts)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(parts)?.ok_or_else(|| {
            let detail = "esta petición debe llevar la cabecera Idempotency-Key";
            Problem::bad_request("idempotency_key_ausente", detail)
        })
    }
}
