//! `VersionTag`: the version of an aggregate as a strong entity tag, and the reader of tag lists.
//!
//! Promises: writes `"7"`; reads the syntax of RFC 9110 section 8.8.3, with `*`, several tags and
//! weak tags; a tag that is well formed but not ours matches no version.
//! It does not compare with anything: `conditional` does.

use std::convert::Infallible;
use std::fmt;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};

use crate::header_text::Unreadable;

/// The version of an aggregate (the sequence of its last event, 1 or more), sent as `ETag`.
///
/// ```
/// assert_eq!(ingesta_http::VersionTag(7).to_string(), "\"7\"");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionTag(pub u64);

impl fmt::Display for VersionTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

impl VersionTag {
    /// The tag as a header value.
    #[expect(
        clippy::missing_panics_doc,
        reason = "digits and quotes are always header text"
    )]
    pub fn header_value(self) -> HeaderValue {
        HeaderValue::try_from(self.to_string()).expect("digits and quotes are header text")
    }
}

impl IntoResponseParts for VersionTag {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        response
            .headers_mut()
            .insert(header::ETAG, self.header_value());
        Ok(response)
    }
}

impl IntoResponse for VersionTag {
    fn into_response(self) -> Response {
        (self, ()).into_response()
    }
}

/// One tag of a list. `version` is none where the tag is not one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) weak: bool,
    pub(crate) version: Option<u64>,
}

/// What a conditional header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TagList {
    Absent,
    Any,
    Tags(Vec<Tag>),
}

/// Reads all lines of a conditional header as one list.
pub(crate) fn read_tags(headers: &HeaderMap, name: HeaderName) -> Result<TagList, Unreadable> {
    let mut lines = Vec::new();
    for value in headers.get_all(name) {
        // Bytes and not text: the syntax admits bytes above 0x7F inside the quotes.
        lines.push(value.as_bytes());
    }
    if lines.is_empty() {
        return Ok(TagList::Absent);
    }
    let joined = lines.join(b",".as_slice());
    if joined.trim_ascii() == b"*" {
        return Ok(TagList::Any);
    }
    let mut tags = Vec::new();
    let mut rest = joined.trim_ascii();
    while !rest.is_empty() {
        // RFC 9110 section 5.6.1: empty list items are skipped by recipients.
        if let Some(after) = rest.strip_prefix(b",") {
            rest = after.trim_ascii_start();
            continue;
        }
        let (tag, after) = read_tag(rest)?;
        tags.push(tag);
        rest = after.trim_ascii_start();
        if !rest.is_empty() && !rest.starts_with(b",") {
            return Err(Unreadable);
        }
    }
    if tags.is_empty() {
        Err(Unreadable)
    } else {
        Ok(TagList::Tags(tags))
    }
}

fn read_tag(text: &[u8]) -> Result<(Tag, &[u8]), Unreadable> {
    let (weak, text) = match text.strip_prefix(b"W/") {
        Some(after) => (true, after),
        None => (false, text),
    };
    let text = text.strip_prefix(b"\"").ok_or(Unreadable)?;
    let end = text.iter().position(|b| *b == b'"').ok_or(Unreadable)?;
    let (opaque, after) = text.split_at(end);
    // etagc: visible bytes without the quote; no blank, no control byte.
    if opaque.iter().any(|b| *b <= b' ' || *b == 0x7F) {
        return Err(Unreadable);
    }
    Ok((
        Tag {
            weak,
            version: version_of(opaque),
        },
        &after[1..],
    ))
}

/// Tags are compared by their characters, so `"07"` and `"+7"` are not version 7.
fn version_of(opaque: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(opaque).ok()?;
    let version: u64 = text.parse().ok()?;
    (version.to_string() == text).then_some(version)
}
