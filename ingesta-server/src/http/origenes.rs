//! Pages of other sites: those that are named may ask, and no other.
//!
//! Promises: no page is ever trusted with a cookie, because there are none; what a page may read of an
//! answer is what a client needs, by name; a page of a site that is not named changes nothing, not even
//! where everybody at this machine may do everything.

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ingesta_http::{Problem, same_origin};
use tower_http::cors::CorsLayer;

use crate::app::AppState;

const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(3_600);

/// The layer that answers what browsers ask before they ask.
pub(super) fn layer(origins: &[HeaderValue]) -> CorsLayer {
    const SENT: [HeaderName; 11] = [
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        header::IF_MATCH,
        header::IF_NONE_MATCH,
        HeaderName::from_static("idempotency-key"),
        HeaderName::from_static("last-event-id"),
        HeaderName::from_static("prefer"),
        HeaderName::from_static("traceparent"),
        HeaderName::from_static("x-api-key"),
        HeaderName::from_static("x-request-id"),
        header::ACCEPT,
    ];
    const READ: [HeaderName; 6] = [
        header::ETAG,
        header::LINK,
        header::LOCATION,
        header::RETRY_AFTER,
        header::WWW_AUTHENTICATE,
        HeaderName::from_static("preference-applied"),
    ];
    CorsLayer::new()
        .allow_origin(origins.to_vec())
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(SENT)
        .expose_headers(READ)
        .max_age(ASKED_AGAIN_AFTER)
}

/// The layer that lets no page of another site change anything here. Without access control a page
/// could do that from the browser of whoever sits at this machine: an order without a body needs no
/// leave of the browser.
pub(super) async fn sin_paginas_ajenas(
    State(app): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    if app.puerta.guardia.esta_abierto()
        && let Err(elsewhere) = de_esta_maquina(&app.puerta.origins, request.headers())
    {
        return elsewhere.into_response();
    }
    let reads = request.method().is_safe();
    if !reads && let Err(foreign) = puede_abrir(&app.puerta.origins, request.headers()) {
        return foreign.into_response();
    }
    next.run(request).await
}

/// A server that lets everybody in answers to the names of its own machine alone. A page of another
/// site could otherwise have its name point here, and would then be of the same origin.
fn de_esta_maquina(origins: &[HeaderValue], headers: &HeaderMap) -> Result<(), Problem> {
    let Some(host) = headers.get(header::HOST) else {
        return Ok(());
    };
    let host = host.to_str().unwrap_or_default();
    let named = origins.iter().filter_map(|origin| origin.to_str().ok());
    let named = named.filter_map(|origin| Some(origin.split_once("://")?.1));
    if es_local(host)
        || named
            .into_iter()
            .any(|named| named.eq_ignore_ascii_case(host))
    {
        return Ok(());
    }
    let detail = "sin control de acceso se atiende solo a esta máquina, por sus propios nombres";
    Err(Problem::forbidden("anfitrion_ajeno", detail))
}

/// `localhost` or a loopback address, with or without a port.
fn es_local(host: &str) -> bool {
    let without_port = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = without_port.trim_start_matches('[').trim_end_matches(']');
    let address: Result<IpAddr, _> = name.parse();
    address.map_or_else(
        |_| name.eq_ignore_ascii_case("localhost"),
        |address| address.is_loopback(),
    )
}

/// Whether a page of this origin may open a web socket or change anything, which no other rule of
/// browsers guards.
pub(super) fn puede_abrir(origins: &[HeaderValue], headers: &HeaderMap) -> Result<(), Problem> {
    let origin = headers.get(header::ORIGIN);
    if origin.is_some_and(|origin| origins.contains(origin)) {
        return Ok(());
    }
    same_origin(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_has_its_names() {
        for host in [
            "localhost",
            "LocalHost:5000",
            "127.0.0.1:5000",
            "127.8.0.1",
            "[::1]:5000",
            "[::1]",
        ] {
            assert!(es_local(host), "{host}");
        }
        for host in [
            "",
            "example.org:5000",
            "localhost.example.org",
            "10.0.0.1",
            "127.0.0.1.example.org",
            "[::2]:1",
        ] {
            assert!(!es_local(host), "{host}");
        }
    }
}
