//! `IfMatch` for commands and `IfNoneMatch` for reads.
//!
//! Promises: `If-Match` uses the strong comparison, so a weak tag never matches, and a malformed
//! header is a 400, because a client that asked for safety must not lose it silently.
//! `If-None-Match` uses the weak comparison, and a malformed one is as good as none: the answer is
//! then complete, never wrong. Neither looks for the resource: a 404 is the caller's answer.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::entity_tag::{TagList, read_tags};
use crate::{Problem, VersionTag};

/// The versions under which a command may be carried out (header `If-Match`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(TagList);

impl IfMatch {
    /// Whether the client made a condition at all.
    pub fn is_present(&self) -> bool {
        self.0 != TagList::Absent
    }

    /// The one version that the client admits, for a store that checks it while it appends; none
    /// where the header is absent or `*`.
    ///
    /// # Errors
    ///
    /// 412 `version_distinta` where no tag can ever match (weak or not ours), and 400
    /// `if_match_multiple` where several could: use [`IfMatch::check`] to admit those.
    pub fn expected(&self) -> Result<Option<u64>, Problem> {
        let TagList::Tags(tags) = &self.0 else {
            return Ok(None);
        };
        let mut strong = tags
            .iter()
            .filter(|tag| !tag.weak)
            .filter_map(|tag| tag.version);
        let Some(first) = strong.next() else {
            return Err(other_version());
        };
        if strong.any(|version| version != first) {
            let detail = "If-Match debe llevar una sola versión en esta petición";
            return Err(Problem::bad_request("if_match_multiple", detail));
        }
        Ok(Some(first))
    }

    /// Compares with the current version of a resource that exists.
    ///
    /// # Errors
    ///
    /// 412 `version_distinta`, with the current version as `ETag`, where no tag matches.
    pub fn check(&self, current: VersionTag) -> Result<(), Problem> {
        let admitted = match &self.0 {
            TagList::Absent | TagList::Any => true,
            TagList::Tags(tags) => tags
                .iter()
                .any(|tag| !tag.weak && tag.version == Some(current.0)),
        };
        if admitted {
            return Ok(());
        }
        Err(other_version().with_header(header::ETAG, current.header_value()))
    }

    /// Insists on a condition, for commands that must not be sent blindly.
    ///
    /// # Errors
    ///
    /// 428 `if_match_ausente` where the header is absent.
    pub fn required(self) -> Result<Self, Problem> {
        if self.is_present() {
            return Ok(self);
        }
        let detail = "esta petición debe llevar If-Match con la versión leída";
        Err(Problem::precondition_required("if_match_ausente", detail))
    }
}

fn other_version() -> Problem {
    let detail = "la versión de If-Match no es la actual; lea de nuevo y repita";
    Problem::precondition_failed("version_distinta", detail)
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read_tags(&parts.headers, header::IF_MATCH)
            .map(Self)
            .map_err(|_| {
                let detail = "If-Match debe ser * o etiquetas entre comillas, por ejemplo \"7\"";
                Problem::bad_request("if_match_malformado", detail)
            })
    }
}

/// The versions that a reader already has (header `If-None-Match`).
///
/// ```
/// use axum::response::{IntoResponse, Response};
/// use ingesta_http::{IfNoneMatch, VersionTag};
///
/// async fn read(cached: IfNoneMatch) -> Response {
///     let current = VersionTag(7);
///     cached.not_modified(current).unwrap_or_else(|| (current, "the body").into_response())
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfNoneMatch(TagList);

impl IfNoneMatch {
    /// Whether the reader already has the current version.
    pub fn is_fresh(&self, current: VersionTag) -> bool {
        match &self.0 {
            TagList::Absent => false,
            TagList::Any => true,
            TagList::Tags(tags) => tags.iter().any(|tag| tag.version == Some(current.0)),
        }
    }

    /// The 304 answer with its `ETag`, where the reader already has the current version.
    pub fn not_modified(&self, current: VersionTag) -> Option<Response> {
        self.is_fresh(current)
            .then(|| (StatusCode::NOT_MODIFIED, current).into_response())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let read = read_tags(&parts.headers, header::IF_NONE_MATCH);
        Ok(Self(read.unwrap_or(TagList::Absent)))
    }
}
