//! Why a text is not a schema that this crate can work with.

use ingesta_event_store::Cause;

use super::SchemaMismatch;

/// A schema is not usable. It is about a schema, never about a message, so it may name its parts.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The text is not an Avro schema.
    #[error("the text is not an Avro schema")]
    NotASchema {
        /// What the parser says.
        #[source]
        cause: Cause,
    },
    /// The schema is valid, and this crate does not work with such schemas.
    #[error("the schema has {what} at {place}, which is not supported")]
    Unsupported {
        /// Where, as `data.hijos`.
        place: String,
        /// What.
        what: &'static str,
    },
    /// The schema is not that of an envelope of the shape that was asked for.
    #[error("the schema is no envelope: {what}")]
    NotAnEnvelope {
        /// What is missing or different.
        what: String,
    },
    /// What was written with one schema cannot be read as another says.
    #[error(transparent)]
    Mismatch(#[from] SchemaMismatch),
}
