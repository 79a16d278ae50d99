//! Why headers are no event. Names of headers are told where they are the specification's.

/// The headers are no CloudEvent that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloudEventError {
    /// A header that every event has is missing or empty.
    #[error("the event has no {header}")]
    Missing {
        /// Which.
        header: &'static str,
    },
    /// A header comes twice, and nothing says which one counts.
    #[error("the event has {header} twice")]
    Twice {
        /// Which.
        header: &'static str,
    },
    /// A header's value is not UTF-8, too long, or not what it should be.
    #[error("the event's {header} is not what it should be")]
    Invalid {
        /// Which.
        header: &'static str,
    },
    /// The event is of another version of the specification.
    #[error("the event is not of CloudEvents 1.0")]
    Version,
    /// The message holds the event in its value.
    #[error("the event is in structured mode, which is not read here: send it in binary mode")]
    Structured,
}

impl CloudEventError {
    /// The reason as one word that stays.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "ce-missing",
            Self::Twice { .. } => "ce-twice",
            Self::Invalid { .. } => "ce-invalid",
            Self::Version => "ce-version",
            Self::Structured => "ce-structured",
        }
    }
}
