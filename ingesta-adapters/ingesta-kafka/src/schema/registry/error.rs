//! What can go wrong with a registry. Its own words are about schemas, so they are passed on, short.

use ingesta_event_store::Cause;

use crate::avro::{SchemaError, SchemaId};

/// A call of a registry did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The options cannot work.
    #[error("the registry's address {what}")]
    Address {
        /// What is wrong with it; never the address itself, which may hold a password.
        what: &'static str,
    },
    /// Nobody answered in time, or nobody that can be understood. *Handling*: wait, try again.
    #[error("the registry did not answer while {attempted}")]
    Unreachable {
        /// What was being done.
        attempted: &'static str,
        /// What the network says, without the address.
        #[source]
        cause: Option<Cause>,
    },
    /// The registry answered that it cannot. *Handling*: wait where the status is 429 or from 500.
    #[error("the registry answered {status} (code {code}) while {attempted}: {message}")]
    Refused {
        /// What was being done.
        attempted: &'static str,
        /// The HTTP status.
        status: u16,
        /// The registry's own code; 0 where it gave none.
        code: i64,
        /// The registry's own words.
        message: String,
    },
    /// The registry has no schema of this number.
    #[error("the registry has no schema {id}")]
    UnknownSchema {
        /// Which.
        id: SchemaId,
    },
    /// The registry's schema of this number is not one that can be worked with.
    #[error("schema {id} of the registry is not usable")]
    UnusableSchema {
        /// Which.
        id: SchemaId,
        /// Why.
        #[source]
        cause: SchemaError,
    },
    /// The schema is not registered under the subject. *Handling*: `ingesta schemas push`.
    #[error("the schema is not registered under {subject}: run `ingesta schemas push`")]
    NotRegistered {
        /// Where it was looked for.
        subject: String,
    },
    /// The registry's own rules do not let this schema follow the ones that it has.
    #[error("the registry refuses the schema for {subject}: {reason}")]
    Incompatible {
        /// For which subject.
        subject: String,
        /// The registry's own words.
        reason: String,
    },
}

impl RegistryError {
    /// True where waiting may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::Address { .. }
            | Self::UnknownSchema { .. }
            | Self::UnusableSchema { .. }
            | Self::NotRegistered { .. }
            | Self::Incompatible { .. } => false,
        }
    }
}
