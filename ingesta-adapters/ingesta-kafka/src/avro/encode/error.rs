//! Why a value does not fit a schema. Names come from the type and the schema; values are not told.

use std::fmt;

use crate::avro::place::Place;

/// A value does not fit the schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot write {place}: {unfit}")]
pub struct EncodeError {
    place: Place,
    unfit: Unfit,
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unfit {
    /// The value is of another type than the schema says.
    Type {
        /// What the value is.
        value: &'static str,
        /// What the schema says.
        schema: &'static str,
    },
    /// The number is too large for the schema's type.
    TooLarge,
    /// The schema has no such field; the name where it is the type's own.
    UnknownField(Option<&'static str>),
    /// A field that may not be null is missing.
    MissingField(String),
    /// The schema has symbols, and the text is none of them.
    UnknownSymbol,
    /// A field comes twice.
    Twice,
    /// The schema has a choice of several types, and nothing says which one is meant.
    Choice,
    /// An array or map does not have as many entries as it said.
    Count,
    /// The value's own `Serialize` gave up; what it says is left out, it may quote the value.
    GaveUp,
}

impl EncodeError {
    /// What does not fit.
    #[must_use]
    pub fn unfit(&self) -> &Unfit {
        &self.unfit
    }

    pub(super) fn new(unfit: Unfit) -> Self {
        Self {
            place: Place::default(),
            unfit,
        }
    }

    pub(super) fn within(self, name: &str) -> Self {
        Self {
            place: self.place.within(name),
            unfit: self.unfit,
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type { value, schema } => {
                write!(f, "the schema has {schema}, the value is {value}")
            }
            Self::TooLarge => f.write_str("the number is too large for the schema's type"),
            Self::UnknownField(Some(name)) => write!(f, "the schema has no field `{name}`"),
            Self::UnknownField(None) => f.write_str("the schema has no field of such a name"),
            Self::MissingField(name) => write!(f, "`{name}` is missing and may not be null"),
            Self::UnknownSymbol => f.write_str("the text is none of the schema's symbols"),
            Self::Twice => f.write_str("it comes twice"),
            Self::Choice => f.write_str(
                "the schema has several types, and only null and one other can be written",
            ),
            Self::Count => f.write_str("it has not as many entries as it said"),
            Self::GaveUp => f.write_str("the value could not say what it is"),
        }
    }
}

impl serde::ser::Error for EncodeError {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::new(Unfit::GaveUp)
    }
}
