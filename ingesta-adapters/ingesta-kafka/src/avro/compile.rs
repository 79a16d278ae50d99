//! From a parsed schema to the tree that the codec walks.
//!
//! Promises: a tree of bounded size and depth, whoever wrote the schema. Names that are used before
//! their type ends (a tree of nodes, say) are refused: no value of this crate's trade needs them.

use std::collections::HashMap;

use apache_avro::Schema;
use apache_avro::schema::{
    FixedSchema, InnerDecimalSchema, Name, NamespaceRef, RecordSchema, ResolvedSchema, UuidSchema,
};

use super::{Field, Node, Record, SchemaError};

/// Types within types at most.
const DEPTH: usize = 32;

/// Types in a schema at most, counted where they are used.
const NODES: usize = 4_096;

/// The tree of a schema.
pub(super) fn compile(schema: &Schema) -> Result<Node, SchemaError> {
    let resolved = ResolvedSchema::try_from(schema).map_err(|error| SchemaError::NotASchema {
        cause: Box::new(error),
    })?;
    let mut compiler = Compiler {
        names: resolved.get_names(),
        open: Vec::new(),
        path: Vec::new(),
        nodes: 0,
    };
    compiler.node(schema, None)
}

struct Compiler<'s> {
    names: &'s HashMap<Name, &'s Schema>,
    /// Records that have begun and not ended.
    open: Vec<String>,
    path: Vec<String>,
    nodes: usize,
}

impl Compiler<'_> {
    fn unsupported(&self, what: &'static str) -> SchemaError {
        let place = if self.path.is_empty() {
            "its root".to_owned()
        } else {
            self.path.join(".")
        };
        SchemaError::Unsupported { place, what }
    }

    fn node(&mut self, schema: &Schema, space: NamespaceRef<'_>) -> Result<Node, SchemaError> {
        self.nodes += 1;
        if self.nodes > NODES {
            return Err(self.unsupported("too many types"));
        }
        if self.open.len() + self.path.len() > DEPTH {
            return Err(self.unsupported("too many types within types"));
        }
        Ok(match schema {
            Schema::Null => Node::Null,
            Schema::Boolean => Node::Boolean,
            Schema::Int | Schema::Date | Schema::TimeMillis => Node::Int,
            Schema::Long
            | Schema::TimeMicros
            | Schema::TimestampMillis
            | Schema::TimestampMicros
            | Schema::TimestampNanos
            | Schema::LocalTimestampMillis
            | Schema::LocalTimestampMicros
            | Schema::LocalTimestampNanos => Node::Long,
            Schema::Float => Node::Float,
            Schema::Double => Node::Double,
            Schema::Bytes | Schema::BigDecimal | Schema::Uuid(UuidSchema::Bytes) => Node::Bytes,
            Schema::String | Schema::Uuid(UuidSchema::String) => Node::String,
            Schema::Fixed(fixed)
            | Schema::Duration(fixed)
            | Schema::Uuid(UuidSchema::Fixed(fixed)) => sized(fixed),
            Schema::Decimal(decimal) => match &decimal.inner {
                InnerDecimalSchema::Bytes => Node::Bytes,
                InnerDecimalSchema::Fixed(fixed) => sized(fixed),
            },
            Schema::Enum(symbols) => Node::Enum {
                name: symbols.name.name().to_owned(),
                symbols: symbols.symbols.clone(),
                default: symbols.default.clone(),
            },
            Schema::Array(array) => {
                let items = self.inside("[]", &array.items, space)?;
                if items.takes_no_room() {
                    return Err(self.unsupported("an array of nothing"));
                }
                Node::Array(Box::new(items))
            }
            Schema::Map(map) => Node::Map(Box::new(self.inside("{}", &map.types, space)?)),
            Schema::Union(union) => {
                let branches = union.variants().iter();
                let branches: Result<_, _> = branches.map(|one| self.node(one, space)).collect();
                Node::Union(branches?)
            }
            Schema::Record(record) => Node::Record(self.record(record, space)?),
            Schema::Ref { name } => {
                let name = name.fully_qualified_name(space).into_owned();
                let Some(named) = self.names.get(&name).copied() else {
                    return Err(self.unsupported("a name of a type that is nowhere"));
                };
                self.node(named, name.namespace())?
            }
        })
    }

    fn inside(
        &mut self,
        step: &str,
        schema: &Schema,
        space: NamespaceRef<'_>,
    ) -> Result<Node, SchemaError> {
        self.path.push(step.to_owned());
        let node = self.node(schema, space);
        if node.is_ok() {
            self.path.pop();
        }
        node
    }

    fn record(
        &mut self,
        record: &RecordSchema,
        space: NamespaceRef<'_>,
    ) -> Result<Record, SchemaError> {
        let full = record.name.fully_qualified_name(space).into_owned();
        let known_as = full.fullname(None);
        if self.open.contains(&known_as) {
            return Err(self.unsupported("a record within itself"));
        }
        self.open.push(known_as);
        let mut fields = Vec::with_capacity(record.fields.len());
        for field in &record.fields {
            fields.push(Field {
                name: field.name.clone(),
                doc: field.doc.clone(),
                aliases: field.aliases.clone(),
                node: self.inside(&field.name, &field.schema, full.namespace())?,
                default: field.default.clone(),
            });
        }
        self.open.pop();
        Ok(Record {
            name: record.name.name().to_owned(),
            doc: record.doc.clone(),
            fields,
        })
    }
}

fn sized(fixed: &FixedSchema) -> Node {
    Node::Fixed {
        name: fixed.name.name().to_owned(),
        size: fixed.size,
    }
}
