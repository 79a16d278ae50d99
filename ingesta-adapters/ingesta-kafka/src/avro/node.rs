//! A schema as a tree that the codec walks: logical types are what they are made of, names are
//! replaced by what they name.

use serde_json::Value;

/// One type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed {
        name: String,
        size: usize,
    },
    Enum {
        name: String,
        symbols: Vec<String>,
        default: Option<String>,
    },
    Array(Box<Node>),
    Map(Box<Node>),
    Union(Vec<Node>),
    Record(Record),
}

/// A record; fields in the order in which they are written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) doc: Option<String>,
    pub(crate) fields: Vec<Field>,
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) doc: Option<String>,
    pub(crate) aliases: Vec<String>,
    pub(crate) node: Node,
    pub(crate) default: Option<Value>,
}

impl Node {
    /// What a person calls it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Int => "an int",
            Self::Long => "a long",
            Self::Float => "a float",
            Self::Double => "a double",
            Self::Bytes => "bytes",
            Self::String => "a string",
            Self::Fixed { .. } => "fixed bytes",
            Self::Enum { .. } => "an enum",
            Self::Array(_) => "an array",
            Self::Map(_) => "a map",
            Self::Union(_) => "a union",
            Self::Record(_) => "a record",
        }
    }

    /// Of a union of null and one other: where null stands, where the other, and the other.
    pub(crate) fn nullable(&self) -> Option<(usize, usize, &Node)> {
        let Self::Union(branches) = self else {
            return None;
        };
        match branches.as_slice() {
            [Self::Null, other] if *other != Self::Null => Some((0, 1, other)),
            [other, Self::Null] => Some((1, 0, other)),
            _ => None,
        }
    }

    /// True where a value takes no byte at all, so that no message bounds how many there are.
    pub(crate) fn takes_no_room(&self) -> bool {
        match self {
            Self::Null | Self::Fixed { size: 0, .. } => true,
            Self::Record(record) => record.fields.iter().all(|field| field.node.takes_no_room()),
            Self::Boolean
            | Self::Int
            | Self::Long
            | Self::Float
            | Self::Double
            | Self::Bytes
            | Self::String
            | Self::Fixed { .. }
            | Self::Enum { .. }
            | Self::Array(_)
            | Self::Map(_)
            | Self::Union(_) => false,
        }
    }
}
