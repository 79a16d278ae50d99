//! Pieces for axum 0.8 that any event-sourced service needs at its HTTP door.
//!
//! Promises: every refusal is an RFC 9457 problem with a stable `code` and a Spanish text; nothing
//! that a client sent is quoted in a refusal or a log line, but for the name of an unknown query
//! parameter that is a plain word; each piece works alone.
//! It does not know a domain, an event store or a database: positions and keys are opaque here. Only
//! [`edge`] holds sockets.
//!
//! ```
//! use axum::{Router, middleware, routing::post};
//! use ingesta_http::{IfMatch, JsonBody, PathId, Problem, VersionTag};
//! use ingesta_http::{method_not_allowed, panic_to_problem, route_not_found};
//!
//! #[derive(serde::Deserialize)]
//! struct Rename {
//!     name: String,
//! }
//!
//! async fn rename(
//!     PathId(_id): PathId<u64>,
//!     if_match: IfMatch,
//!     JsonBody(body): JsonBody<Rename>,
//! ) -> Result<VersionTag, Problem> {
//!     if_match.check(VersionTag(7))?;
//!     if body.name.is_empty() {
//!         return Err(Problem::bad_request("nombre_vacio", "el nombre no puede ser vacío"));
//!     }
//!     Ok(VersionTag(8))
//! }
//!
//! let _app: Router = Router::new()
//!     .route("/things/{id}/rename", post(rename))
//!     .fallback(route_not_found)
//!     .method_not_allowed_fallback(method_not_allowed)
//!     .layer(middleware::from_fn(panic_to_problem));
//! ```

mod conditional;
mod cursor;
pub mod edge;
mod entity_tag;
mod fallback;
mod field_names;
mod header_text;
mod idempotency_key;
mod json_body;
mod json_refusal;
pub mod live;
mod page_link;
mod panics;
mod path_id;
mod prefer_wait;
mod problem;
mod problem_builders;
mod problem_response;
mod query_params;
mod rates;
mod request_id;
mod retry_after;
mod same_origin;
mod trace_parent;

pub use conditional::IfMatch;
pub use conditional::IfNoneMatch;
pub use cursor::Cursor;
pub use entity_tag::VersionTag;
pub use fallback::method_not_allowed;
pub use fallback::route_not_found;
pub use idempotency_key::IdempotencyKey;
pub use json_body::JsonBody;
pub use json_body::RawJsonBody;
pub use page_link::next_page_link;
pub use panics::panic_to_problem;
pub use path_id::PathId;
pub use prefer_wait::AppliedWait;
pub use prefer_wait::DEFAULT_WAIT_CAP;
pub use prefer_wait::PreferWait;
pub use problem::Problem;
pub use problem_response::PROBLEM_JSON;
pub use query_params::NoQueryParams;
pub use query_params::QueryParams;
pub use rates::Rates;
pub use request_id::RequestId;
pub use retry_after::RetryAfter;
pub use same_origin::same_origin;
pub use trace_parent::TraceParent;
