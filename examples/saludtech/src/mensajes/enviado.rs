//! From a stored event to the message that tells it.
//!
//! Promises: made of the event alone, so that every copy is equal; the key is the id of the ingesta;
//! the conversation and the trace of the command go on, and the command is named as the cause.

use chrono::{DateTime, SecondsFormat, Utc};
use ingesta_event_store::{Metadata, RecordedEvent};
use ingesta_kafka::avro::SchemaError;
use ingesta_kafka::cloud_events::CloudEvent;
use ingesta_kafka::envelope::{EnvelopeWriter, NewEnvelope};
use ingesta_kafka::message::{Header, OutgoingMessage};
use ingesta_kafka::relay::Untranslatable;
use serde::Serialize;
use uuid::Uuid;

use super::recibido::{CAUSATION, CORRELATION};
use super::{Topico, Topicos};

/// An instant as it travels: RFC 3339 in UTC with microseconds.
#[must_use]
pub fn instante(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// What is told of an event.
pub struct Respuesta<D> {
    /// The name of the message.
    pub tipo: &'static str,
    /// Which ingesta it is about.
    pub id_ingesta: Uuid,
    /// When it happened.
    pub fecha: DateTime<Utc>,
    /// What it says.
    pub datos: D,
}

/// The way to one topic of answers.
#[derive(Debug)]
pub struct Salida {
    topico: String,
    servicio: &'static str,
    writer: EnvelopeWriter,
}

impl Salida {
    /// To this topic, told by this service.
    ///
    /// # Errors
    /// When the topic's schema is not that of an envelope.
    pub fn new(
        topicos: &Topicos,
        topico: Topico,
        servicio: &'static str,
    ) -> Result<Self, SchemaError> {
        Ok(Self {
            topico: topicos.de(topico),
            servicio,
            writer: EnvelopeWriter::avro(topico.avro())?,
        })
    }

    /// The message that tells this of an event.
    ///
    /// # Errors
    /// When the data does not fit the topic's schema.
    pub fn mensaje<D: Serialize>(
        &self,
        event: &RecordedEvent,
        respuesta: &Respuesta<D>,
    ) -> Result<OutgoingMessage, Untranslatable> {
        let id = event.id();
        let envelope = NewEnvelope {
            id: &id,
            time: respuesta.fecha,
            ingestion: event.recorded_at.unwrap_or(respuesta.fecha),
            message_type: respuesta.tipo,
            service_name: self.servicio,
            data: &respuesta.datos,
        };
        let value = self.writer.write(&envelope);
        let value = value.map_err(|error| Untranslatable::new("unencodable", error.to_string()))?;
        let metadata = Metadata::from_json(&event.metadata).unwrap_or_default();
        let about = CloudEvent {
            time: Some(respuesta.fecha),
            content_type: Some(self.writer.content_type().to_owned()),
            traceparent: metadata.traceparent,
            ..CloudEvent::of(event, &format!("/{}", self.servicio), respuesta.tipo)
        };
        let mut headers = about.to_headers();
        let named = [
            (CORRELATION, metadata.correlation_id),
            (CAUSATION, metadata.causation_id),
        ];
        let named = named.into_iter();
        headers.extend(named.filter_map(|(name, value)| Some(Header::new(name, value?))));
        Ok(OutgoingMessage {
            topic: self.topico.clone(),
            key: respuesta.id_ingesta.to_string().into_bytes(),
            value: Some(value),
            headers,
            timestamp: event.recorded_at,
        })
    }
}
