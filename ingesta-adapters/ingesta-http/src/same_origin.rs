//! `same_origin`: whether a browser asks on behalf of a page of this very server.
//!
//! A web socket is open to every page of every site unless its server looks: no other rule of
//! browsers guards it. Who sends no `Origin` is no browser's page.

use axum::http::{HeaderMap, header};

use crate::Problem;
use crate::header_text::single;

/// Refuses a request that a page of another origin makes.
///
/// # Errors
/// 403 `origen_ajeno`.
///
/// ```
/// use axum::http::HeaderMap;
/// use ingesta_http::same_origin;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("host", "sta.example:5000".parse().unwrap());
/// assert!(same_origin(&headers).is_ok(), "no page asks");
/// headers.insert("origin", "http://sta.example:5000".parse().unwrap());
/// assert!(same_origin(&headers).is_ok());
/// headers.insert("origin", "https://elsewhere.example".parse().unwrap());
/// assert_eq!(same_origin(&headers).unwrap_err().code(), "origen_ajeno");
/// ```
pub fn same_origin(headers: &HeaderMap) -> Result<(), Problem> {
    if !headers.contains_key(header::ORIGIN) {
        return Ok(());
    }
    let origin = single(headers, "origin").ok().flatten();
    let host = single(headers, "host").ok().flatten();
    let of_origin = origin.and_then(|origin| origin.split_once("://"));
    match (of_origin, host) {
        (Some((_scheme, origin)), Some(host)) if origin.eq_ignore_ascii_case(host) => Ok(()),
        _ => Err(Problem::new(
            axum::http::StatusCode::FORBIDDEN,
            "origen_ajeno",
            "una página de otro sitio no puede hacer esto",
        )),
    }
}
