//! Why a message could not be read or written. Codes stay: they are the reasons of dead letters.

use crate::avro::{DecodeError, EncodeError, NotFramed, SchemaError, SchemaId, SchemaMismatch};
use crate::schema::RegistryError;

/// A message could not be written. No value of it is quoted.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The data does not fit the topic's schema.
    #[error("the message does not fit its schema")]
    Avro(#[source] EncodeError),
    /// The data cannot be JSON (a map whose keys are no texts, say).
    #[error("the message cannot be written as JSON")]
    Json,
}

/// A message could not be read. No byte of it is quoted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It is larger than the topic's limit.
    #[error("the message has {bytes} bytes, the limit is {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The most that is read.
        limit: usize,
    },
    /// It is not what the schema says, or the type does not take it.
    #[error(transparent)]
    Avro(DecodeError),
    /// It is not the JSON that was expected.
    #[error("the message is not the JSON that was expected, at line {line}, column {column}")]
    Json {
        /// The reason as one word.
        code: &'static str,
        /// From 1; 0 where there is no place.
        line: usize,
        /// From 1; 0 where there is no place.
        column: usize,
    },
    /// A field of the envelope is not there: perhaps a message of another shape.
    #[error("the message has no field `{field}`: is the topic's shape right?")]
    MissingField {
        /// Which.
        field: &'static str,
    },
    /// The data is null.
    #[error("the message has no data")]
    NoData,
    /// It should begin with the number of its schema.
    #[error(transparent)]
    NotFramed(#[from] NotFramed),
    /// The registry has no schema of this number.
    #[error("the registry knows no schema {id}")]
    UnknownSchema {
        /// The number in the message.
        id: SchemaId,
    },
    /// The registry's schema of this number is not one that can be worked with.
    #[error("the registry's schema {id} is of no use here")]
    UnusableSchema {
        /// The number in the message.
        id: SchemaId,
        /// Why.
        #[source]
        cause: SchemaError,
    },
    /// What was written cannot be read as the topic's schema says.
    #[error("the message was written with schema {id}, which does not fit the topic's")]
    SchemaMismatch {
        /// The number in the message.
        id: SchemaId,
        /// Everything that stands in the way.
        #[source]
        cause: SchemaMismatch,
    },
    /// The registry could not be asked, so nothing is known of the message. *Handling*: wait and read
    /// it again; it is no dead letter.
    #[error("the registry was asked for schema {id} and did not say")]
    RegistryUnavailable {
        /// The number in the message.
        id: SchemaId,
        /// What went wrong.
        #[source]
        cause: RegistryError,
    },
}

impl ReadError {
    /// The reason as one word that stays, for a dead letter or a metric: `too-large`, `truncated`,
    /// `trailing-bytes`, `malformed`, `not-utf8`, `wrong-type`, `missing-field`, `refused-value`,
    /// `no-data`, `not-framed`, `unknown-schema`, `unusable-schema`, `schema-mismatch`; and
    /// `registry-unavailable`, which is no reason to put a message aside.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too-large",
            Self::Avro(error) => error.code(),
            Self::Json { code, .. } => code,
            Self::MissingField { .. } => "missing-field",
            Self::NoData => "no-data",
            Self::NotFramed(_) => "not-framed",
            Self::UnknownSchema { .. } => "unknown-schema",
            Self::UnusableSchema { .. } => "unusable-schema",
            Self::SchemaMismatch { .. } => "schema-mismatch",
            Self::RegistryUnavailable { .. } => "registry-unavailable",
        }
    }

    /// True where the same message may be read later: it is not its fault.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::RegistryUnavailable { .. })
    }
}
