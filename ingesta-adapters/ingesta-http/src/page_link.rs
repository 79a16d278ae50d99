//! The `Link` header that points to the next page.
//!
//! Promises: keeps every other query parameter, replaces the cursor, and encodes all of it so that
//! nothing in the request's address can close the `<...>` or point to another host.
//! It does not write absolute addresses: behind a proxy only the client knows the host.

use std::fmt::Write;

use axum::http::{HeaderValue, Uri};
use url::form_urlencoded;

/// `<path?...>; rel="next"` for the page after `cursor`, made from the address that was asked.
///
/// Give the address of `axum::extract::OriginalUri`, since nested routers cut the path.
/// `parameter` is the query parameter that carries the cursor.
///
/// ```
/// let asked = "/things?state=open&cursor=old&limit=10".parse()?;
/// let link = ingesta_http::next_page_link(&asked, "cursor", "bmV3");
/// assert_eq!(link.to_str()?, "</things?state=open&limit=10&cursor=bmV3>; rel=\"next\"");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[expect(
    clippy::missing_panics_doc,
    reason = "percent-encoded text is always header text"
)]
pub fn next_page_link(asked: &Uri, parameter: &str, cursor: &str) -> HeaderValue {
    let kept = form_urlencoded::parse(asked.query().unwrap_or_default().as_bytes())
        .filter(|(name, _)| name != parameter);
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept)
        .append_pair(parameter, cursor)
        .finish();
    let link = format!("<{}?{query}>; rel=\"next\"", encoded_path(asked.path()));
    HeaderValue::try_from(link).expect("percent-encoded text is header text")
}

/// One slash at the front (two would name a host), and only what RFC 3986 admits in a path.
fn encoded_path(path: &str) -> String {
    let mut encoded = String::from("/");
    for byte in path.trim_start_matches('/').bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    encoded
}
