//! `AvroSchema`: a schema, parsed once and used for every message.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::encode::{EncodeError, encode};
use super::{Names, Node, Reading, SchemaError, SchemaMismatch, compile, resolve};

/// Bytes of a usual message, so that its buffer need not grow.
const USUAL: usize = 512;

/// An Avro schema. Clones share it.
///
/// ```
/// use ingesta_kafka::avro::AvroSchema;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct Color { nombre: Option<String>, brillo: i64 }
///
/// let schema = AvroSchema::parse(
///     r#"{"type":"record","name":"Color","fields":[
///         {"name":"nombre","type":["null","string"]},{"name":"brillo","type":["null","long"]}]}"#,
/// )?;
/// let rojo = Color { nombre: Some("rojo".into()), brillo: 7 };
/// let bytes = schema.encode(&rojo)?;
/// assert_eq!(bytes, b"\x02\x08rojo\x02\x0e");
/// assert_eq!(schema.reading().decode::<Color>(&bytes)?, rojo);
///
/// // Half a message is refused with a code, and nothing of it is quoted.
/// let refused = schema.reading().decode::<Color>(&bytes[..4]).unwrap_err();
/// assert_eq!(refused.code(), "truncated");
/// assert_eq!(refused.to_string(), "cannot read `nombre`: it ends too early");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct AvroSchema {
    text: Arc<str>,
    root: Arc<Node>,
}

impl AvroSchema {
    /// Reads a schema's JSON text.
    ///
    /// # Errors
    /// When it is not a schema, contains itself, has an array of nothing or more than 4,096 types.
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        let schema =
            apache_avro::Schema::parse_str(text).map_err(|error| SchemaError::NotASchema {
                cause: Box::new(error),
            })?;
        Ok(Self {
            text: text.into(),
            root: Arc::new(compile::compile(&schema)?),
        })
    }

    /// The text as it was given.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name of the outermost record, where it is one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let Node::Record(record) = &*self.root else {
            return None;
        };
        Some(&record.name)
    }

    /// The bytes of a value. Fields may come in any order; one that is missing is null.
    ///
    /// # Errors
    /// When the value does not fit the schema. The error names the field and quotes no value.
    pub fn encode<T: Serialize + ?Sized>(&self, value: &T) -> Result<Vec<u8>, EncodeError> {
        let mut bytes = Vec::with_capacity(USUAL);
        self.encode_into(value, &mut bytes)?;
        Ok(bytes)
    }

    /// Appends the bytes of a value; after an error `bytes` is as it was.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_into<T: Serialize + ?Sized>(
        &self,
        value: &T,
        bytes: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        encode(&self.root, value, bytes)
    }

    /// How to read what was written with this very schema.
    #[must_use]
    pub fn reading(&self) -> Reading {
        Reading::identity(&self.root)
    }

    /// How to read as this schema says what was written with another one.
    /// The names of records are not compared: two teams call the same thing differently.
    ///
    /// # Errors
    /// With everything in which the two cannot be brought together.
    pub fn reading_of(&self, writer: &Self) -> Result<Reading, SchemaMismatch> {
        let (plan, breaks) = resolve(&writer.root, &self.root, Names::Ignored);
        if breaks.is_empty() {
            Ok(Reading::new(plan))
        } else {
            Err(SchemaMismatch { breaks })
        }
    }

    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    /// The same text with another tree: a part of the schema.
    pub(crate) fn with_root(&self, root: Node) -> Self {
        Self {
            text: Arc::clone(&self.text),
            root: Arc::new(root),
        }
    }
}

impl fmt::Debug for AvroSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AvroSchema").field(&self.name()).finish()
    }
}

/// Two schemas are equal where they say the same, whatever their spacing.
impl PartialEq for AvroSchema {
    fn eq(&self, other: &Self) -> bool {
        self.root == other.root
    }
}
