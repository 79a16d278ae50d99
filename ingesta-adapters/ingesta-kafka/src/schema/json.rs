//! The JSON Schema of what an Avro schema describes, as this crate writes it in JSON.
//!
//! Promises: the same Avro text gives the same JSON text, to the byte, so that a committed twin can
//! be compared. It is as open as a reader is: more properties than it names are allowed.

use serde_json::{Map, Value, json};

use crate::avro::{AvroSchema, Field, Node, Record};

/// The JSON Schema (draft 2020-12) of an Avro schema, with a line break at its end.
///
/// # Panics
/// Never: what is made of a schema is always JSON.
///
/// ```
/// use ingesta_kafka::avro::AvroSchema;
/// use ingesta_kafka::schema::json_schema;
///
/// let avro = r#"{"type":"record","name":"Luz","fields":[
///     {"name":"lugar","type":["null","string"]}]}"#;
/// let json: serde_json::Value = serde_json::from_str(&json_schema(&AvroSchema::parse(avro)?))?;
/// assert_eq!(json["title"], "Luz");
/// assert_eq!(json["properties"]["lugar"]["type"], serde_json::json!(["string", "null"]));
/// assert!(AvroSchema::parse(r#"{"type":"luz"}"#).is_err(), "what is no schema has no twin");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn json_schema(schema: &AvroSchema) -> String {
    let mut root = described(schema.root());
    root.insert(
        "$schema".to_owned(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    let text = serde_json::to_string_pretty(&root).expect("a map of texts is always JSON");
    text + "\n"
}

fn of_type(name: &str) -> Map<String, Value> {
    Map::from_iter([("type".to_owned(), json!(name))])
}

fn described(node: &Node) -> Map<String, Value> {
    match node {
        Node::Null => of_type("null"),
        Node::Boolean => of_type("boolean"),
        Node::Int => {
            let mut int = of_type("integer");
            int.insert("minimum".to_owned(), json!(i32::MIN));
            int.insert("maximum".to_owned(), json!(i32::MAX));
            int
        }
        Node::Long => {
            let mut long = of_type("integer");
            long.insert("format".to_owned(), json!("int64"));
            long
        }
        Node::Float | Node::Double => of_type("number"),
        Node::String => of_type("string"),
        // serde writes bytes so in JSON.
        Node::Bytes => octets(),
        Node::Fixed { size, .. } => {
            let mut fixed = octets();
            fixed.insert("minItems".to_owned(), json!(size));
            fixed.insert("maxItems".to_owned(), json!(size));
            fixed
        }
        Node::Enum { symbols, .. } => {
            let mut symbol = of_type("string");
            symbol.insert("enum".to_owned(), json!(symbols));
            symbol
        }
        Node::Array(items) => {
            let mut array = of_type("array");
            array.insert("items".to_owned(), described(items).into());
            array
        }
        Node::Map(values) => {
            let mut map = of_type("object");
            map.insert("additionalProperties".to_owned(), described(values).into());
            map
        }
        Node::Union(branches) => match node.nullable() {
            Some((.., other)) => or_null(described(other)),
            None => {
                let any: Vec<Value> = branches.iter().map(|node| described(node).into()).collect();
                Map::from_iter([("anyOf".to_owned(), any.into())])
            }
        },
        Node::Record(record) => object(record),
    }
}

fn octets() -> Map<String, Value> {
    let mut octets = of_type("array");
    octets.insert(
        "items".to_owned(),
        json!({ "type": "integer", "minimum": 0, "maximum": 255 }),
    );
    octets
}

fn or_null(mut schema: Map<String, Value>) -> Map<String, Value> {
    if let Some(kind) = schema.get_mut("type") {
        *kind = json!([*kind, "null"]);
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.push(Value::Null);
    }
    schema
}

fn object(record: &Record) -> Map<String, Value> {
    let mut object = of_type("object");
    object.insert("title".to_owned(), json!(record.name));
    if let Some(doc) = &record.doc {
        object.insert("description".to_owned(), json!(doc));
    }
    let properties = record.fields.iter().map(property);
    object.insert("properties".to_owned(), Value::Object(properties.collect()));
    let needed = record.fields.iter().filter(|field| field.default.is_none());
    let needed: Vec<_> = needed.map(|field| field.name.as_str()).collect();
    object.insert("required".to_owned(), json!(needed));
    object
}

fn property(field: &Field) -> (String, Value) {
    let mut schema = described(&field.node);
    if let Some(doc) = &field.doc {
        schema.insert("description".to_owned(), json!(doc));
    }
    if let Some(default) = &field.default {
        schema.insert("default".to_owned(), default.clone());
    }
    (field.name.clone(), schema.into())
}
