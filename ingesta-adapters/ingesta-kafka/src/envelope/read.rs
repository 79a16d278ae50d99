//! `EnvelopeReader`: from the bytes of one topic to a message.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use serde::de::DeserializeOwned;

use super::{Envelope, ReadError, Shape, wire};
use crate::avro::{AvroSchema, Reading, SchemaError, SchemaId};
use crate::schema::{RegistryError, SchemaRegistry};

/// Bytes of a message at most, unless said otherwise: what a broker takes by default.
const LIMIT: usize = 1_048_576;

/// Writer's schemas that are kept resolved. A topic has a handful; the rest would be noise.
const KNOWN: usize = 1_000;

/// Reads the messages of one topic. An example is at [`super::EnvelopeWriter`].
pub struct EnvelopeReader {
    shape: Shape,
    limit: usize,
    format: Format,
}

enum Format {
    Json,
    Avro(Reading),
    Framed(Framed),
}

/// What is read by the number in front of each message.
struct Framed {
    schema: AvroSchema,
    registry: SchemaRegistry,
    known: RwLock<HashMap<SchemaId, Arc<Reading>>>,
}

impl EnvelopeReader {
    fn new(shape: Shape, format: Format) -> Self {
        Self {
            shape,
            limit: LIMIT,
            format,
        }
    }

    /// Of JSON. Fields that the data's type does not know are ignored.
    #[must_use]
    pub fn json(shape: Shape) -> Self {
        Self::new(shape, Format::Json)
    }

    /// Of plain Avro, written with the topic's schema. The schema may be that of a FULL envelope
    /// where the shape is DATA-ONLY; its `data` is what is read.
    ///
    /// # Errors
    /// When the schema does not have the shape.
    pub fn avro(schema: &AvroSchema, shape: Shape) -> Result<Self, SchemaError> {
        let schema = shape.of(schema)?;
        Ok(Self::new(shape, Format::Avro(schema.reading())))
    }

    /// Of plain Avro, written with another schema than the topic's, which is known beforehand.
    ///
    /// # Errors
    /// When one of the schemas does not have the shape, or the two cannot be brought together.
    pub fn avro_written_with(
        writer: &AvroSchema,
        schema: &AvroSchema,
        shape: Shape,
    ) -> Result<Self, SchemaError> {
        let (writer, schema) = (shape.of(writer)?, shape.of(schema)?);
        let reading = schema.reading_of(&writer)?;
        Ok(Self::new(shape, Format::Avro(reading)))
    }

    /// Of Avro behind the number of its writer's schema, which the registry knows.
    ///
    /// # Errors
    /// When the schema does not have the shape.
    pub fn framed(
        schema: &AvroSchema,
        shape: Shape,
        registry: SchemaRegistry,
    ) -> Result<Self, SchemaError> {
        let framed = Framed {
            schema: shape.of(schema)?,
            registry,
            known: RwLock::default(),
        };
        Ok(Self::new(shape, Format::Framed(framed)))
    }

    /// Refuses messages of more bytes than this; 1 MiB where it is not said.
    #[must_use]
    pub fn with_limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Reads a message. It waits only where the registry must be asked for a new schema.
    ///
    /// # Errors
    /// When the message is not one of this topic's; [`ReadError::is_transient`] tells where that is
    /// not known, and the message must be read again.
    pub async fn read<D: DeserializeOwned>(&self, bytes: &[u8]) -> Result<Envelope<D>, ReadError> {
        if bytes.len() > self.limit {
            return Err(ReadError::TooLarge {
                bytes: bytes.len(),
                limit: self.limit,
            });
        }
        match &self.format {
            Format::Json => json(bytes, self.shape),
            Format::Avro(reading) => avro(reading, bytes, self.shape),
            Format::Framed(framed) => {
                let (id, bytes) = SchemaId::unframe(bytes)?;
                avro(&*framed.reading(id).await?, bytes, self.shape)
            }
        }
    }
}

impl Framed {
    async fn reading(&self, id: SchemaId) -> Result<Arc<Reading>, ReadError> {
        if let Some(reading) = self.kept(id) {
            return Ok(reading);
        }
        let reading = Arc::new(resolve(&self.registry, &self.schema, id).await?);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN {
            known.clear();
        }
        known.insert(id, Arc::clone(&reading));
        Ok(reading)
    }

    fn kept(&self, id: SchemaId) -> Option<Arc<Reading>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&id).cloned()
    }
}

async fn resolve(
    registry: &SchemaRegistry,
    schema: &AvroSchema,
    id: SchemaId,
) -> Result<Reading, ReadError> {
    let writer = registry.schema(id).await.map_err(|error| match error {
        RegistryError::UnknownSchema { id } => ReadError::UnknownSchema { id },
        RegistryError::UnusableSchema { id, cause } => ReadError::UnusableSchema { id, cause },
        cause @ (RegistryError::Address { .. }
        | RegistryError::Unreachable { .. }
        | RegistryError::Refused { .. }
        | RegistryError::NotRegistered { .. }
        | RegistryError::Incompatible { .. }) => ReadError::RegistryUnavailable { id, cause },
    })?;
    let reading = schema.reading_of(&writer);
    reading.map_err(|cause| ReadError::SchemaMismatch { id, cause })
}

fn avro<D: DeserializeOwned>(
    reading: &Reading,
    bytes: &[u8],
    shape: Shape,
) -> Result<Envelope<D>, ReadError> {
    let read = reading.decode_with(bytes, |from| wire::read(from, shape));
    read.map_err(ReadError::Avro)?
}

fn json<D: DeserializeOwned>(bytes: &[u8], shape: Shape) -> Result<Envelope<D>, ReadError> {
    let refused = |error: &serde_json::Error, code| ReadError::Json {
        code,
        line: error.line(),
        column: error.column(),
    };
    let mut from = serde_json::Deserializer::from_slice(bytes);
    let read = wire::read(&mut from, shape).map_err(|error| {
        let code = match error.classify() {
            serde_json::error::Category::Eof => "truncated",
            serde_json::error::Category::Data => "wrong-type",
            serde_json::error::Category::Syntax | serde_json::error::Category::Io => "malformed",
        };
        refused(&error, code)
    })?;
    from.end()
        .map_err(|error| refused(&error, "trailing-bytes"))?;
    read
}

impl fmt::Debug for EnvelopeReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = match self.format {
            Format::Json => "JSON",
            Format::Avro(_) => "Avro",
            Format::Framed(_) => "framed Avro",
        };
        f.debug_struct("EnvelopeReader")
            .field("format", &format)
            .field("shape", &self.shape)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
