//! The reader of a topic: its format, its shape and its schema, as the routing table says.
//!
//! The shape is never guessed from the bytes.

use ingesta_kafka::avro::SchemaError;
use ingesta_kafka::envelope::{EnvelopeReader, Shape};
use ingesta_kafka::schema::SchemaRegistry;

use crate::mensajes::{Esquema, Format};

/// What reads messages of this schema, in this format and shape.
pub(super) fn lector(
    (schema, format, shape): (Esquema, Format, Shape),
    registry: Option<&SchemaRegistry>,
) -> Result<EnvelopeReader, SchemaError> {
    let schema = schema.avro();
    match (format, registry) {
        (Format::Json, _) => Ok(EnvelopeReader::json(shape)),
        (Format::Avro, None) => EnvelopeReader::avro(schema, shape),
        (Format::Avro, Some(registry)) => EnvelopeReader::framed(schema, shape, registry.clone()),
    }
}
