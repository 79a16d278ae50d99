//! What to read, in the writer's order, and what to call it, as the reader does.

use serde_json::Value;

use crate::avro::Node;

/// How to read one value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Plan {
    Null,
    Boolean,
    /// A number, written as one type and read as the same or a wider one.
    Number {
        wire: Number,
        to: Number,
    },
    /// A length and so many bytes, which are text to the reader.
    Text,
    /// A length and so many bytes.
    Bytes,
    Fixed(usize),
    /// The reader's symbol for each of the writer's.
    Enum(Vec<String>),
    Array(Box<Plan>),
    Map(Box<Plan>),
    Union(Vec<Plan>),
    Record {
        steps: Vec<Step>,
        /// Fields that the writer does not have, with the reader's default.
        defaults: Vec<(String, Value)>,
    },
}

/// One field of the writer's record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// What the reader calls it; `None` where the reader has no such field.
    pub(crate) name: Option<String>,
    pub(crate) plan: Plan,
}

/// The types of numbers, from the narrowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Number {
    Int,
    Long,
    Float,
    Double,
}

impl Number {
    pub(crate) fn of(node: &Node) -> Option<Self> {
        match node {
            Node::Int => Some(Self::Int),
            Node::Long => Some(Self::Long),
            Node::Float => Some(Self::Float),
            Node::Double => Some(Self::Double),
            Node::Null
            | Node::Boolean
            | Node::Bytes
            | Node::String
            | Node::Fixed { .. }
            | Node::Enum { .. }
            | Node::Array(_)
            | Node::Map(_)
            | Node::Union(_)
            | Node::Record(_) => None,
        }
    }
}

impl Plan {
    /// How to read what was written with the reader's own schema.
    pub(crate) fn identity(node: &Node) -> Self {
        let number = |number| Self::Number {
            wire: number,
            to: number,
        };
        match node {
            Node::Null => Self::Null,
            Node::Boolean => Self::Boolean,
            Node::Int => number(Number::Int),
            Node::Long => number(Number::Long),
            Node::Float => number(Number::Float),
            Node::Double => number(Number::Double),
            Node::Bytes => Self::Bytes,
            Node::String => Self::Text,
            Node::Fixed { size, .. } => Self::Fixed(*size),
            Node::Enum { symbols, .. } => Self::Enum(symbols.clone()),
            Node::Array(items) => Self::Array(Box::new(Self::identity(items))),
            Node::Map(values) => Self::Map(Box::new(Self::identity(values))),
            Node::Union(branches) => Self::Union(branches.iter().map(Self::identity).collect()),
            Node::Record(record) => {
                let steps = record.fields.iter().map(|field| Step {
                    name: Some(field.name.clone()),
                    plan: Self::identity(&field.node),
                });
                Self::Record {
                    steps: steps.collect(),
                    defaults: Vec::new(),
                }
            }
        }
    }
}
