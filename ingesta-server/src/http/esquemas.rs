//! The shape of a refusal, for the OpenAPI document: `ingesta_http::Problem` writes it.

use utoipa::ToSchema;

/// RFC 9457 problem details, as `application/problem+json`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its shape is used, for the OpenAPI document")]
pub(super) struct Problema {
    /// What kind of problem: stable.
    r#type: String,
    /// The status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// A stable word for programs.
    #[schema(example = "transicion_invalida")]
    code: String,
    /// What is wrong, in Spanish.
    detail: String,
    /// The same for clients of the first systems, which match on it.
    error: String,
    /// The field that is to blame, where there is one.
    campo: Option<String>,
    /// The query parameters that there are, where another one was sent.
    admitidos: Option<Vec<String>>,
    /// The current state, where it is the reason.
    estado: Option<String>,
    /// The current version, where another one was asked for.
    version: Option<u64>,
    /// The first instant that can be asked for, where the log does not know of earlier ones.
    instante: Option<String>,
    /// Seconds to wait before asking again, with 503.
    retry_after: Option<u64>,
}
