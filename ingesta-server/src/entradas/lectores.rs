//! The reader of a topic of commands: its format, its shape and its schema, as the routing table says.
//!
//! The shape is never guessed from the bytes.

use ingesta_kafka::avro::SchemaError;
use ingesta_kafka::envelope::EnvelopeReader;
use ingesta_kafka::schema::SchemaRegistry;

use crate::mensajes::{Format, RutaComando};

/// What reads the messages of this topic.
pub(super) fn lector(
    ruta: &RutaComando,
    registry: Option<&SchemaRegistry>,
) -> Result<EnvelopeReader, SchemaError> {
    let schema = ruta.schema.avro();
    match (ruta.format, registry) {
        (Format::Json, _) => Ok(EnvelopeReader::json(ruta.shape)),
        (Format::Avro, None) => EnvelopeReader::avro(schema, ruta.shape),
        (Format::Avro, Some(registry)) => {
            EnvelopeReader::framed(schema, ruta.shape, registry.clone())
        }
    }
}
