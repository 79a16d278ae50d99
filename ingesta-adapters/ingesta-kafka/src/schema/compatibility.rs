//! The gate: what may change in a schema within a major version.
//!
//! FULL_TRANSITIVE, judged without a registry: a reader of the new schema reads what every earlier
//! one wrote, and a reader of every earlier one reads what the new one writes. It lists everything
//! that breaks, with the field, what is wrong and what to do.

use std::fmt;

use crate::avro::{AvroSchema, Break, BreakKind, Names, resolve};

/// Who cannot read whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// A reader of the new schema cannot read earlier messages.
    Backward,
    /// A reader of the earlier schema cannot read new messages.
    Forward,
}

/// One change that breaks somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncompatibleChange {
    /// The earlier revision that it breaks with, from 1.
    pub revision: usize,
    /// Who cannot read whom.
    pub direction: Direction,
    /// Which field, and what about it.
    pub what: Break,
}

/// A schema may not take the place of earlier ones.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", list(.changes))]
pub struct Incompatible {
    /// Every change that breaks somebody.
    pub changes: Vec<IncompatibleChange>,
}

fn list(changes: &[IncompatibleChange]) -> String {
    let texts: Vec<_> = changes.iter().map(ToString::to_string).collect();
    texts.join("\n")
}

/// Judges a schema against every earlier one of its major version.
///
/// # Errors
/// With every change that breaks a reader.
///
/// ```
/// use ingesta_kafka::avro::AvroSchema;
/// use ingesta_kafka::schema::full_transitive;
///
/// let record = |fields| {
///     AvroSchema::parse(&format!(r#"{{"type":"record","name":"Luz","fields":[{fields}]}}"#))
/// };
/// let first = record(r#"{"name":"lugar","type":["null","string"]}"#)?;
/// let second = record(
///     r#"{"name":"lugar","type":["null","string"]},
///        {"name":"color","type":["null","string"],"default":null}"#,
/// )?;
/// assert!(full_transitive(&[first.clone()], &second).is_ok());
///
/// let third = record(
///     r#"{"name":"lugar","type":["null","string"]},{"name":"color","type":["null","string"]}"#,
/// )?;
/// assert_eq!(
///     full_transitive(&[first], &third).unwrap_err().to_string(),
///     "revision 1 cannot be read: `color` is expected without a default and is not always \
///      written; give a new field a default",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn full_transitive(earlier: &[AvroSchema], new: &AvroSchema) -> Result<(), Incompatible> {
    let mut changes = Vec::new();
    for (at, old) in earlier.iter().enumerate() {
        let directions = [
            (Direction::Backward, old, new),
            (Direction::Forward, new, old),
        ];
        for (direction, writer, reader) in directions {
            let (_, breaks) = resolve(writer.root(), reader.root(), Names::Compared);
            changes.extend(breaks.into_iter().map(|what| IncompatibleChange {
                revision: at + 1,
                direction,
                what,
            }));
        }
    }
    if changes.is_empty() {
        Ok(())
    } else {
        Err(Incompatible { changes })
    }
}

impl IncompatibleChange {
    fn advice(&self) -> &'static str {
        match (&self.what.kind, self.direction) {
            (BreakKind::NoDefault, Direction::Backward) => "give a new field a default",
            (BreakKind::NoDefault, Direction::Forward) => {
                "a field without a default may not be dropped"
            }
            (BreakKind::Name { .. }, _) => "keep the name",
            (BreakKind::Symbol(_), _) => "symbols may be added or dropped beside a default",
            (BreakKind::Type { .. } | BreakKind::Size { .. }, _) => {
                "a type may not change: add a field beside it"
            }
        }
    }
}

impl fmt::Display for IncompatibleChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (revision, what, advice) = (self.revision, &self.what, self.advice());
        match self.direction {
            Direction::Backward => {
                write!(f, "revision {revision} cannot be read: {what}; {advice}")
            }
            Direction::Forward => {
                write!(
                    f,
                    "revision {revision} cannot read this one: {what}; {advice}"
                )
            }
        }
    }
}
