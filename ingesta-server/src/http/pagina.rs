//! The page: its files are in the program, and served as they are, without a build.
//!
//! Promises: it loads nothing but from here, runs no script that is not a file of its own, and holds no
//! cookie; a browser that has a file already is told so.
//! Does not: show anything by itself; what it shows comes from the other routes, to whoever has a key.

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use ingesta_http::route_not_found;
use sha2::{Digest, Sha256};

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
const FRESH: HeaderValue = HeaderValue::from_static("no-cache");

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// A file of the page: name, media type, content.
type File = (&'static str, &'static str, &'static str);

macro_rules! files {
    ($($name:literal: $kind:ident),* $(,)?) => {
        &[$(($name, $kind, include_str!(concat!("../../pagina/", $name)))),*]
    };
}

const FILES: &[File] = files! {
    "index.html": HTML,
    "estilo.css": CSS,
    "icono.svg": SVG,
    "inicio.js": JS,
    "api.js": JS,
    "dom.js": JS,
    "vivo.js": JS,
    "lista.js": JS,
    "una.js": JS,
    "fallas.js": JS,
    "operacion.js": JS,
    "sagas.js": JS,
};

/// Whoever comes to the house without saying where to is shown the page.
pub(super) async fn a_la_pagina() -> Redirect {
    Redirect::to("/pagina/")
}

/// The page itself.
pub(super) async fn portada(headers: HeaderMap) -> Response {
    served("index.html", &headers).await
}

/// One of its files.
pub(super) async fn archivo(Path(name): Path<String>, headers: HeaderMap) -> Response {
    served(&name, &headers).await
}

async fn served(name: &str, headers: &HeaderMap) -> Response {
    let Some((_, kind, text)) = FILES.iter().find(|(known, _, _)| *known == name) else {
        return route_not_found().await.into_response();
    };
    let hash = Sha256::digest(text.as_bytes());
    let tag = format!("\"{:x}\"", u128::from_be_bytes(head(&hash)));
    let same = headers.get(header::IF_NONE_MATCH);
    let same = same.is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut answer = if same {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (*text).into_response()
    };
    let told = answer.headers_mut();
    told.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    told.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    told.insert(header::CACHE_CONTROL, FRESH);
    if let Ok(tag) = HeaderValue::try_from(tag) {
        told.insert(header::ETAG, tag);
    }
    answer
}

fn head(hash: &[u8]) -> [u8; 16] {
    let mut head = [0; 16];
    head.copy_from_slice(&hash[..16]);
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_a_file_names_is_served_and_nothing_is_served_in_vain() {
        for (name, _, _) in FILES.iter().filter(|(name, _, _)| *name != "index.html") {
            let named = FILES.iter().any(|(_, _, text)| {
                text.contains(&format!("\"{name}\"")) || text.contains(&format!("\"./{name}\""))
            });
            assert!(named, "nothing loads {name}");
        }
        for (of, _, text) in FILES {
            for import in text.split("from \"./").skip(1) {
                let name = import.split('"').next().expect("a name");
                assert!(
                    FILES.iter().any(|(known, _, _)| *known == name),
                    "{of}: {name}"
                );
            }
        }
    }

    #[test]
    fn no_file_makes_markup_of_text_or_loads_from_elsewhere() {
        const NEVER: [&str; 6] = [
            "innerHTML",
            "outerHTML",
            "insertAdjacent",
            "eval(",
            "//cdn",
            "document.write",
        ];
        for (name, _, text) in FILES {
            for word in NEVER {
                assert!(!text.contains(word), "{name}: {word}");
            }
        }
    }
}
