//! One builder per status that the services answer, and the Spanish title of each status.
//!
//! Promises: a builder fixes the status and nothing else; 429 and 503 cannot be built without a
//! `Retry-After`; a 500 carries a fixed text to the client.
//! It does not choose codes for the caller, except for the 500.

use axum::http::StatusCode;

use crate::{Problem, RetryAfter};

impl Problem {
    /// 400: the request itself is wrong; sending it again changes nothing.
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401: it is not known who asks. `WWW-Authenticate` says how to show it; add that header.
    pub fn unauthorized(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
    }

    /// 403: whoever asks may not.
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404: there is no such thing.
    pub fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 409: the current state forbids it, or a concurrent command won.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 412: the version that the client expected is not the current one.
    pub fn precondition_failed(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, code, detail)
    }

    /// 428: this request must say which version it expects.
    pub fn precondition_required(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_REQUIRED, code, detail)
    }

    /// 413: the body is larger than the service takes.
    pub fn payload_too_large(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, code, detail)
    }

    /// 415: the body is of a media type that the service does not read.
    pub fn unsupported_media_type(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code, detail)
    }

    /// 422: understood and well formed, but contradicts an earlier request (same key, other body).
    pub fn unprocessable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// 429: this client asks too much; it may come back after `after`.
    pub fn too_many_requests(
        code: &'static str,
        detail: impl Into<String>,
        after: RetryAfter,
    ) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, detail).with_retry_after(after)
    }

    /// 503: the service cannot answer now; the client may come back after `after`.
    ///
    /// ```
    /// use ingesta_http::{Problem, RetryAfter};
    ///
    /// let busy = Problem::unavailable("saturado", "intente más tarde", RetryAfter::from_secs(2));
    /// assert_eq!(busy.status().as_u16(), 503);
    /// ```
    pub fn unavailable(code: &'static str, detail: impl Into<String>, after: RetryAfter) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).with_retry_after(after)
    }

    /// 500: our fault. `internal` goes to the log only; the client reads a fixed text.
    pub fn internal(internal: impl Into<String>) -> Self {
        let detail = "el servicio no pudo atender la petición por un error interno";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "error_interno", detail)
            .with_internal(internal)
    }
}

/// The `title` of a status: the same for every occurrence, as RFC 9457 asks.
pub(crate) fn title_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "Petición incorrecta",
        401 => "Falta identificarse",
        403 => "Acceso denegado",
        404 => "No encontrado",
        405 => "Método no permitido",
        409 => "Conflicto con el estado actual",
        412 => "La versión esperada no es la actual",
        413 => "Cuerpo demasiado grande",
        415 => "Tipo de contenido no admitido",
        422 => "La petición contradice otra anterior",
        428 => "Falta la versión esperada",
        429 => "Demasiadas peticiones",
        500 => "Error interno",
        503 => "Servicio no disponible",
        _ if status.is_client_error() => "Petición rechazada",
        _ => "Error del servicio",
    }
}
