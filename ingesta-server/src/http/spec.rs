//! `GET /ingesta/spec`: the OpenAPI document, written once when the server starts.

use std::sync::Arc;

use axum::Extension;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use ingesta_http::Problem;
use utoipa::openapi::OpenApi;

/// The document as text; `None` if it could not be written, which a test rules out.
#[derive(Clone)]
pub(super) struct Document(Option<Arc<str>>);

impl Document {
    pub(super) fn new(document: &OpenApi) -> Self {
        Self(document.to_json().ok().map(Arc::from))
    }
}

/// This document.
#[utoipa::path(get, path = "/ingesta/spec", tag = "salud",
    responses((status = 200, description = "OpenAPI, as JSON", body = Object)))]
pub(super) async fn spec(Extension(document): Extension<Document>) -> Result<Response, Problem> {
    let text = document
        .0
        .ok_or_else(|| Problem::internal("the document was not written"))?;
    Ok((
        [(header::CONTENT_TYPE, "application/json")],
        text.to_string(),
    )
        .into_response())
}
