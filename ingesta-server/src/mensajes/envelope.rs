//! From an event and the data that is told of it to the message of one topic.
//!
//! Promises: the whole envelope and the headers of a CloudEvent, made of the event alone; the key is
//! the id of the ingesta, so that all that is told of it on a topic stays in order.
//! Does not: know which data belongs to which event.

use chrono::{DateTime, Utc};
use ingesta_domain::valor::IdIngesta;
use ingesta_event_store::{Metadata, RecordedEvent};
use ingesta_kafka::cloud_events::CloudEvent;
use ingesta_kafka::envelope::{EnvelopeWriter, NewEnvelope};
use ingesta_kafka::message::{Header, OutgoingMessage};
use ingesta_kafka::relay::{Away, TranslateError, Untranslatable};
use ingesta_kafka::schema::{SchemaRegistry, value_subject};
use serde::Serialize;
use tokio::sync::OnceCell;

use super::{Format, Ruta, Rutas};

/// This service, in envelopes.
const SERVICE: &str = "sta";
/// This service, in headers.
const SOURCE: &str = "/sta";

/// The extension of CloudEvents that names a conversation.
pub(crate) const CORRELATION: &str = "ce_correlationid";
/// The extension of CloudEvents that names what caused a message.
pub(crate) const CAUSATION: &str = "ce_causationid";

/// Something that happened, as the log has it.
pub(super) struct Told<'a> {
    pub(super) event: &'a RecordedEvent,
    /// Which of the events of today that the stored one became, from 0.
    pub(super) part: usize,
    /// Of which ingesta it is told.
    pub(super) ingesta: IdIngesta,
    /// What it is called in messages.
    pub(super) name: &'static str,
    /// When it happened.
    pub(super) time: DateTime<Utc>,
}

impl Told<'_> {
    /// The same for every message that tells of it.
    fn id(&self) -> String {
        match self.part {
            0 => self.event.id(),
            later => format!("{}#{later}", self.event.id()),
        }
    }
}

/// The way to one topic.
#[derive(Debug)]
pub(super) struct Outlet {
    pub(super) ruta: Ruta,
    registry: Option<SchemaRegistry>,
    writer: OnceCell<EnvelopeWriter>,
}

impl Outlet {
    /// The ways to the topics that are `wanted`.
    pub(super) fn of(rutas: &Rutas, wanted: impl Fn(&Ruta) -> bool) -> Vec<Self> {
        let outlet = |ruta: &Ruta| Self {
            ruta: ruta.clone(),
            registry: rutas.registry().cloned(),
            writer: OnceCell::new(),
        };
        let wanted = rutas.events().iter().filter(|ruta| wanted(ruta));
        wanted.map(outlet).collect()
    }

    /// The message that tells this.
    pub(super) async fn message(
        &self,
        told: &Told<'_>,
        data: &(impl Serialize + Sync),
    ) -> Result<OutgoingMessage, TranslateError> {
        self.named(told, told.id(), data).await
    }

    /// The message that asks for this, under a name of its own; it names its conversation and its
    /// cause, for whoever answers.
    pub(super) async fn order(
        &self,
        told: &Told<'_>,
        id: String,
        data: &(impl Serialize + Sync),
    ) -> Result<OutgoingMessage, TranslateError> {
        let mut message = self.named(told, id, data).await?;
        let metadata = Metadata::from_json(&told.event.metadata).unwrap_or_default();
        let correlation = metadata.correlation_id.unwrap_or_else(|| told.event.id());
        message.headers.extend([
            Header::new(CORRELATION, correlation),
            Header::new(CAUSATION, told.event.id()),
        ]);
        Ok(message)
    }

    async fn named(
        &self,
        told: &Told<'_>,
        id: String,
        data: &(impl Serialize + Sync),
    ) -> Result<OutgoingMessage, TranslateError> {
        let writer = self.writer.get_or_try_init(|| self.prepare()).await?;
        let event = told.event;
        let value = writer
            .write(&NewEnvelope {
                id: &id,
                time: told.time,
                // Adopted events have no such time.
                ingestion: event.recorded_at.unwrap_or(told.time),
                message_type: told.name,
                service_name: SERVICE,
                data,
            })
            .map_err(|error| Untranslatable::new("unencodable", error.to_string()))?;
        // Metadata of another writer may be anything; the trace is then simply not continued.
        let metadata = Metadata::from_json(&event.metadata).unwrap_or_default();
        let about = CloudEvent {
            id,
            time: Some(told.time),
            content_type: Some(writer.content_type().to_owned()),
            traceparent: metadata.traceparent,
            ..CloudEvent::of(event, SOURCE, told.name)
        };
        Ok(OutgoingMessage {
            topic: self.ruta.topic.clone(),
            key: told.ingesta.to_string().into_bytes(),
            value: Some(value),
            headers: about.to_headers(),
            timestamp: event.recorded_at,
        })
    }

    /// Asks the registry for the schema's number, where there is one.
    async fn prepare(&self) -> Result<EnvelopeWriter, TranslateError> {
        let schema = self.ruta.schema.avro();
        let made = match (self.ruta.format, &self.registry) {
            (Format::Json, _) => return Ok(EnvelopeWriter::json()),
            (Format::Avro, None) => EnvelopeWriter::avro(schema.clone()),
            (Format::Avro, Some(registry)) => {
                let subject = value_subject(&self.ruta.topic);
                let id = registry.id_of(&subject, schema).await;
                let id = id.map_err(|error| {
                    // It is about schemas, and says what to do where one is not registered.
                    Away::new(format!("the number of a schema: {error}"), error)
                })?;
                EnvelopeWriter::framed(schema.clone(), id)
            }
        };
        made.map_err(|error| Untranslatable::new("unencodable", error.to_string()).into())
    }
}
