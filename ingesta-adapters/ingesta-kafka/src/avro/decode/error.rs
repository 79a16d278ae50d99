//! Why bytes were refused. Each reason has a code that stays; no byte of the message is quoted.

use std::fmt;

use serde::de::Unexpected;

use crate::avro::place::Place;

/// The bytes are not what the schema says, or not what the type takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {place}: {refusal}")]
pub struct DecodeError {
    place: Place,
    refusal: Refusal,
}

/// Why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The bytes end within the value, or promise more than there is.
    Truncated,
    /// So many bytes are left after the value.
    TrailingBytes(usize),
    /// The bytes cannot be what is named.
    Malformed(&'static str),
    /// A text is not UTF-8.
    NotUtf8,
    /// The type expects something else.
    WrongType {
        /// What is there.
        found: &'static str,
        /// What the type says it expects.
        expected: String,
    },
    /// The type needs a field that the schema does not have.
    MissingField(&'static str),
    /// The type does not take this value; what it says is left out, it may quote the value.
    Refused,
}

impl DecodeError {
    /// Why.
    #[must_use]
    pub fn refusal(&self) -> &Refusal {
        &self.refusal
    }

    /// The reason as one word that stays.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match &self.refusal {
            Refusal::Truncated => "truncated",
            Refusal::TrailingBytes(_) => "trailing-bytes",
            Refusal::Malformed(_) => "malformed",
            Refusal::NotUtf8 => "not-utf8",
            Refusal::WrongType { .. } => "wrong-type",
            Refusal::MissingField(_) => "missing-field",
            Refusal::Refused => "refused-value",
        }
    }

    pub(super) fn new(refusal: Refusal) -> Self {
        Self {
            place: Place::default(),
            refusal,
        }
    }

    pub(super) fn within(self, name: &str) -> Self {
        Self {
            place: self.place.within(name),
            refusal: self.refusal,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("it ends too early"),
            Self::TrailingBytes(left) => write!(f, "{left} bytes are left after it"),
            Self::Malformed(what) => write!(f, "what should be {what} is none"),
            Self::NotUtf8 => f.write_str("a text is not UTF-8"),
            Self::WrongType { found, expected } => write!(f, "it is {found}, not {expected}"),
            Self::MissingField(name) => write!(f, "the schema has no field `{name}`"),
            Self::Refused => f.write_str("its type does not take this value"),
        }
    }
}

/// The kind of a value, without the value.
fn kind(found: &Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "an integer",
        Unexpected::Float(_) => "a float",
        Unexpected::Char(_) | Unexpected::Str(_) => "a string",
        Unexpected::Bytes(_) => "bytes",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::NewtypeStruct | Unexpected::Map => "a record",
        Unexpected::Seq => "an array",
        Unexpected::Enum
        | Unexpected::UnitVariant
        | Unexpected::NewtypeVariant
        | Unexpected::TupleVariant
        | Unexpected::StructVariant => "an enum",
        Unexpected::Other(_) => "something else",
    }
}

impl serde::de::Error for DecodeError {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::new(Refusal::Refused)
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        Self::new(Refusal::WrongType {
            found: kind(&found),
            expected: expected.to_string(),
        })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Refusal::MissingField(field))
    }
}
