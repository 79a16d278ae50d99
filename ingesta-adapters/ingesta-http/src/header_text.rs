//! Reading header text: a header that may come once, and lists whose items may hold quoted commas.
//!
//! Promises: a repeated or non-ASCII header is told apart from an absent one; a comma inside quotes
//! does not split.
//! It does not interpret the items.

use axum::http::HeaderMap;

/// The header is there but cannot be read as one text.
#[derive(Debug)]
pub(crate) struct Unreadable;

/// The value of a header that may come at most once.
pub(crate) fn single<'a>(
    headers: &'a HeaderMap,
    name: &str,
) -> Result<Option<&'a str>, Unreadable> {
    let mut values = headers.get_all(name).iter();
    let Some(first) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Unreadable);
    }
    first
        .to_str()
        .map(|text| Some(text.trim()))
        .map_err(|_| Unreadable)
}

/// Splits at `separator` outside of quoted strings, in which a backslash escapes; trims the items.
pub(crate) fn split_unquoted(text: &str, separator: char) -> Vec<&str> {
    let (mut items, mut start) = (Vec::new(), 0);
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if c == separator && !quoted => {
                items.push(text[start..at].trim());
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    items.push(text[start..].trim());
    items
}
