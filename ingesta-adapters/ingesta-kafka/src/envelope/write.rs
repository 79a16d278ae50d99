//! `EnvelopeWriter`: from a message to the bytes of one topic.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::wire::Out;
use super::{Shape, V1, WriteError};
use crate::avro::{AvroSchema, SchemaError, SchemaId};

/// A message to write. Nothing of the envelope may be left out.
pub struct NewEnvelope<'a, D> {
    /// The message's own id: the same each time the same event is published.
    pub id: &'a str,
    /// When what it tells of happened.
    pub time: DateTime<Utc>,
    /// When it is published.
    pub ingestion: DateTime<Utc>,
    /// The name of the event or command.
    pub message_type: &'a str,
    /// Who publishes it.
    pub service_name: &'a str,
    /// What it says.
    pub data: &'a D,
}

/// Writes the messages of one topic, FULL.
///
/// ```
/// use chrono::DateTime;
/// use ingesta_kafka::avro::AvroSchema;
/// use ingesta_kafka::envelope::{EnvelopeReader, EnvelopeWriter, NewEnvelope, Shape};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct Encendido { lugar: String }
///
/// let schema = AvroSchema::parse(r#"{"type":"record","name":"Luz","fields":[
///     {"name":"id","type":["null","string"]},{"name":"time","type":["null","long"]},
///     {"name":"ingestion","type":["null","long"]},{"name":"specversion","type":["null","string"]},
///     {"name":"type","type":["null","string"]},{"name":"datacontenttype","type":["null","string"]},
///     {"name":"service_name","type":["null","string"]},
///     {"name":"data","type":["null",{"type":"record","name":"LuzPayload","fields":[
///         {"name":"lugar","type":["null","string"]}]}]}]}"#)?;
/// let bytes = EnvelopeWriter::avro(schema.clone())?.write(&NewEnvelope {
///     id: "Luz/7/1",
///     time: DateTime::UNIX_EPOCH,
///     ingestion: DateTime::UNIX_EPOCH,
///     message_type: "Encendido",
///     service_name: "faros",
///     data: &Encendido { lugar: "puerto".into() },
/// })?;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let full = EnvelopeReader::avro(&schema, Shape::Full)?;
/// let read = full.read::<Encendido>(&bytes).await?;
/// assert_eq!(read.id.as_deref(), Some("Luz/7/1"));
/// assert_eq!(read.data.lugar, "puerto");
///
/// // The shape is not guessed: a reader of the other one refuses the message.
/// let other = EnvelopeReader::avro(&schema, Shape::DataOnly)?;
/// assert!(other.read::<Encendido>(&bytes).await.is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct EnvelopeWriter {
    format: Format,
}

#[derive(Debug)]
enum Format {
    Avro(AvroSchema),
    Framed(AvroSchema, SchemaId),
    Json,
}

impl EnvelopeWriter {
    /// Plain Avro binary.
    ///
    /// # Errors
    /// When the schema is not that of a FULL envelope.
    pub fn avro(schema: AvroSchema) -> Result<Self, SchemaError> {
        let schema = Shape::Full.of(&schema)?;
        Ok(Self {
            format: Format::Avro(schema),
        })
    }

    /// Avro binary behind the number that a registry gave to the schema.
    ///
    /// # Errors
    /// When the schema is not that of a FULL envelope.
    pub fn framed(schema: AvroSchema, id: SchemaId) -> Result<Self, SchemaError> {
        let schema = Shape::Full.of(&schema)?;
        Ok(Self {
            format: Format::Framed(schema, id),
        })
    }

    /// JSON. What JSON has no word for, as a double that is no number, becomes null.
    #[must_use]
    pub fn json() -> Self {
        Self {
            format: Format::Json,
        }
    }

    /// The bytes of a message.
    ///
    /// # Errors
    /// When the data does not fit the schema. The error names the field and quotes no value.
    pub fn write<D: Serialize>(&self, message: &NewEnvelope<'_, D>) -> Result<Vec<u8>, WriteError> {
        let out = Out {
            id: message.id,
            time: message.time.timestamp_millis(),
            ingestion: message.ingestion.timestamp_millis(),
            specversion: V1,
            message_type: message.message_type,
            datacontenttype: match self.format {
                Format::Avro(_) | Format::Framed(..) => "AVRO",
                Format::Json => "JSON",
            },
            service_name: message.service_name,
            data: message.data,
        };
        match &self.format {
            Format::Avro(schema) => schema.encode(&out).map_err(WriteError::Avro),
            Format::Framed(schema, id) => {
                let mut bytes = id.frame().to_vec();
                schema
                    .encode_into(&out, &mut bytes)
                    .map_err(WriteError::Avro)?;
                Ok(bytes)
            }
            // What serde_json says quotes values; that it cannot be written is enough.
            Format::Json => serde_json::to_vec(&out).map_err(|_| WriteError::Json),
        }
    }

    /// The media type of what is written, for the header `content-type`.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        match self.format {
            Format::Avro(_) | Format::Framed(..) => "application/avro",
            Format::Json => "application/json",
        }
    }
}
