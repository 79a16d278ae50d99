//! What a reader's schema cannot make of a writer's, said of the schemas and never of a message.

use std::fmt;

/// One thing that a reader's schema cannot make of a writer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// Which field, as `data.estado`; empty for the whole.
    pub place: String,
    /// What about it.
    pub kind: BreakKind,
}

/// What stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BreakKind {
    /// The writer does not write the field, and the reader has no default for it.
    NoDefault,
    /// It is written as one type and read as another.
    Type {
        /// As the writer has it.
        written: &'static str,
        /// As the reader has it.
        read: &'static str,
    },
    /// The two have different names.
    Name {
        /// The writer's.
        written: String,
        /// The reader's.
        read: String,
    },
    /// The writer has a symbol that the reader does not know, and no default takes its place.
    Symbol(String),
    /// Fixed bytes of different sizes.
    Size {
        /// Bytes that the writer writes.
        written: usize,
        /// Bytes that the reader expects.
        read: usize,
    },
}

/// A message of one schema cannot be read as another one says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the writer's schema does not fit the reader's: {}", list(.breaks))]
pub struct SchemaMismatch {
    /// Everything that stands in the way.
    pub breaks: Vec<Break>,
}

fn list(breaks: &[Break]) -> String {
    let texts: Vec<_> = breaks.iter().map(Break::to_string).collect();
    texts.join("; ")
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.as_str() {
            "" => f.write_str("the whole ")?,
            place => write!(f, "`{place}` ")?,
        }
        match &self.kind {
            BreakKind::NoDefault => {
                f.write_str("is expected without a default and is not always written")
            }
            BreakKind::Type { written, read } => {
                write!(f, "is written as {written} and read as {read}")
            }
            BreakKind::Name { written, read } => {
                write!(f, "is written as `{written}` and read as `{read}`")
            }
            BreakKind::Symbol(symbol) => {
                write!(f, "may be written as `{symbol}`, which the reader lacks")
            }
            BreakKind::Size { written, read } => {
                write!(f, "is written in {written} bytes and read in {read}")
            }
        }
    }
}
