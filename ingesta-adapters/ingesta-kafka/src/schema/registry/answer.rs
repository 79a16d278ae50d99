//! What a registry answers, read within bounds.

use reqwest::{Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::RegistryError;
use crate::avro::SchemaId;

/// Bytes of an answer at most; the largest of real schemas is far smaller.
const LARGEST: usize = 4 * 1_048_576;

/// The registry's own codes for what it has not got.
pub(super) const NO_SUBJECT: i64 = 40_401;
pub(super) const NO_VERSION: i64 = 40_402;
pub(super) const NO_SCHEMA: i64 = 40_403;

/// Letters of the registry's own words that are passed on.
const WORDS: usize = 500;

#[derive(Deserialize)]
pub(super) struct Registered {
    id: u32,
}

impl From<Registered> for SchemaId {
    fn from(registered: Registered) -> Self {
        Self(registered.id)
    }
}

#[derive(Deserialize)]
pub(super) struct Found {
    pub(super) schema: String,
    /// Absent for Avro.
    #[serde(rename = "schemaType")]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) references: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct Judged {
    pub(super) is_compatible: bool,
    #[serde(default)]
    pub(super) messages: Vec<String>,
}

#[derive(Default, Deserialize)]
struct Complaint {
    #[serde(default)]
    error_code: i64,
    #[serde(default)]
    message: String,
}

/// An answer with its body.
pub(super) struct Answer {
    attempted: &'static str,
    status: StatusCode,
    body: Vec<u8>,
}

impl Answer {
    pub(super) async fn read(
        attempted: &'static str,
        mut response: Response,
    ) -> Result<Self, RegistryError> {
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| unreachable(attempted, error))?
        {
            if body.len() + chunk.len() > LARGEST {
                return Err(RegistryError::Unreachable {
                    attempted,
                    cause: Some("the answer is larger than a schema can be".into()),
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self {
            attempted,
            status,
            body,
        })
    }

    pub(super) fn is(&self, status: StatusCode) -> bool {
        self.status == status
    }

    /// A registry says that it has not got it: anybody's 404 says only that no registry is there.
    pub(super) fn has_not(&self, what: &[i64]) -> bool {
        self.is(StatusCode::NOT_FOUND) && what.contains(&self.complaint().error_code)
    }

    /// The answer of a call that went well.
    pub(super) fn well<T: DeserializeOwned>(self) -> Result<T, RegistryError> {
        if !self.status.is_success() {
            return Err(self.refused());
        }
        serde_json::from_slice(&self.body).map_err(|_| RegistryError::Unreachable {
            attempted: self.attempted,
            cause: Some("the answer is not one of a schema registry".into()),
        })
    }

    /// The registry's own words.
    pub(super) fn words(&self) -> String {
        shortened(&self.complaint().message)
    }

    fn complaint(&self) -> Complaint {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    fn refused(self) -> RegistryError {
        let complaint = self.complaint();
        RegistryError::Refused {
            attempted: self.attempted,
            status: self.status.as_u16(),
            code: complaint.error_code,
            message: shortened(&complaint.message),
        }
    }
}

pub(super) fn shortened(words: &str) -> String {
    words.chars().take(WORDS).collect()
}

pub(super) fn unreachable(attempted: &'static str, error: reqwest::Error) -> RegistryError {
    RegistryError::Unreachable {
        attempted,
        cause: Some(Box::new(error.without_url())),
    }
}
