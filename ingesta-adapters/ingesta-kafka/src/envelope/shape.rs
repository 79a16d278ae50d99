//! What is around the data of a topic's messages.
//!
//! The bytes do not tell: a reader of the one shape makes nonsense of the other. So it is said per
//! topic, and a schema is checked against it before the first message.

use crate::avro::{AvroSchema, Field, Node, Record, SchemaError};

/// What is around the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The whole envelope: seven fields and the data. What this crate writes.
    Full,
    /// A record of the data alone, as writers send it whose types lost the envelope on the way.
    DataOnly,
}

/// The fields before the data, each with null allowed, in the order in which they are written.
const HEAD: [(&str, Node); 7] = [
    ("id", Node::String),
    ("time", Node::Long),
    ("ingestion", Node::Long),
    ("specversion", Node::String),
    ("type", Node::String),
    ("datacontenttype", Node::String),
    ("service_name", Node::String),
];

const DATA: &str = "data";

fn no_envelope(what: String) -> SchemaError {
    SchemaError::NotAnEnvelope { what }
}

fn field<'r>(record: &'r Record, name: &str) -> Result<&'r Field, SchemaError> {
    let field = record.fields.iter().find(|field| field.name == name);
    field.ok_or_else(|| no_envelope(format!("it has no field `{name}`")))
}

impl Shape {
    /// The schema of this shape's messages: itself, or without what the shape does not have.
    pub(super) fn of(self, schema: &AvroSchema) -> Result<AvroSchema, SchemaError> {
        let Node::Record(record) = schema.root() else {
            return Err(no_envelope(format!("it is {}", schema.root().kind())));
        };
        let data = field(record, DATA)?;
        let inner = data.node.nullable().map_or(&data.node, |(.., node)| node);
        if !matches!(inner, Node::Record(_)) {
            return Err(no_envelope(format!("its data is {}", inner.kind())));
        }
        match self {
            Self::Full => {
                for (name, node) in &HEAD {
                    let found = &field(record, name)?.node;
                    if found.nullable().map(|(.., node)| node) != Some(node) {
                        let wanted = node.kind();
                        return Err(no_envelope(format!("`{name}` is not null or {wanted}")));
                    }
                }
                Ok(schema.clone())
            }
            Self::DataOnly => Ok(schema.with_root(Node::Record(Record {
                name: record.name.clone(),
                doc: record.doc.clone(),
                fields: vec![data.clone()],
            }))),
        }
    }
}
