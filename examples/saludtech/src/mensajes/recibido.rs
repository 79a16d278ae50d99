//! A message that was read: its data, its name, its conversation, its trace.
//!
//! Promises: only what is well formed is taken, and bounded; a broken header refuses no message; a
//! refusal quotes nothing.

use chrono::{DateTime, Utc};
use ingesta_event_store::{CommandContext, Metadata, fingerprint};
use ingesta_kafka::avro::SchemaError;
use ingesta_kafka::envelope::{EnvelopeReader, ReadError, Shape};
use ingesta_kafka::inbox::{HandleError, command_id};
use ingesta_kafka::message::IncomingMessage;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::Topico;

/// The extension of CloudEvents that names a conversation.
pub(super) const CORRELATION: &str = "ce_correlationid";
/// The extension of CloudEvents that names what caused a message.
pub(super) const CAUSATION: &str = "ce_causationid";

const TRACE: &str = "traceparent";
const REPLAYS: &str = "ingesta-replays";

/// Bytes of an id at most.
const LONGEST: usize = 255;

/// Reads the messages of one topic.
#[derive(Debug)]
pub struct Lector {
    reader: EnvelopeReader,
}

impl Lector {
    /// Of plain Avro, FULL.
    ///
    /// # Errors
    /// When the topic's schema is not that of an envelope.
    pub fn new(topico: Topico) -> Result<Self, SchemaError> {
        let reader = EnvelopeReader::avro(&topico.avro(), Shape::Full)?;
        Ok(Self { reader })
    }

    /// Reads one.
    ///
    /// # Errors
    /// Poison, where it is no message of this topic.
    pub async fn leer<D: DeserializeOwned>(
        &self,
        message: &IncomingMessage,
    ) -> Result<Recibido<D>, HandleError> {
        let Some(value) = &message.value else {
            return Err(HandleError::poison("no_value", "a message needs a value"));
        };
        let envelope = self.reader.read::<D>(value).await.map_err(ilegible)?;
        let id = command_id(message, envelope.id.as_deref());
        Ok(Recibido {
            metadata: metadata(message, &id),
            clave: clave(message),
            topico: message.topic.clone(),
            fecha: envelope.time.and_then(DateTime::from_timestamp_millis),
            id,
            datos: envelope.data,
        })
    }
}

fn ilegible(error: ReadError) -> HandleError {
    if error.is_transient() {
        return HandleError::transient(error);
    }
    HandleError::poison(error.code(), error.to_string())
}

/// A message as its reader needs it.
pub struct Recibido<D> {
    /// What it says.
    pub datos: D,
    /// The message's own name: the same for every copy of it.
    pub id: String,
    /// The ingesta that it is about, which is its key.
    pub clave: Option<Uuid>,
    /// When what it tells of happened.
    pub fecha: Option<DateTime<Utc>>,
    topico: String,
    metadata: Metadata,
}

impl<D> Recibido<D> {
    /// The circumstances of the command that it asks for: once, however often it comes. `asked` is
    /// what must be the same when the name comes again; nothing personal belongs there.
    pub fn contexto(&self, asked: &impl Serialize) -> CommandContext {
        self.sin_nombre()
            .idempotent(nombre(&self.topico, &self.id), asked)
    }

    /// The circumstances of a further command because of the same message.
    #[must_use]
    pub fn sin_nombre(&self) -> CommandContext {
        CommandContext::default().with_metadata(self.metadata.clone())
    }

    /// The name of the topic that it came from.
    #[must_use]
    pub fn topico(&self) -> &str {
        &self.topico
    }
}

/// The name in the store of a command that a message has named. What is too long to be kept, or no
/// plain text, is named by its hash.
#[must_use]
pub fn nombre(topico: &str, id: &str) -> String {
    let name = format!("kafka/{topico}/{id}");
    if name.len() <= LONGEST && is_plain(id) {
        return name;
    }
    let hash: String = fingerprint(&(topico, id))
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("kafka-sha256/{hash}")
}

/// How often a person has replayed this message from the dead letters.
#[must_use]
pub fn repeticiones(message: &IncomingMessage) -> u32 {
    let said = header(message, REPLAYS).and_then(|text| text.parse().ok());
    said.unwrap_or(0)
}

fn metadata(message: &IncomingMessage, id: &str) -> Metadata {
    let cause = if is_plain(id) && id.len() <= LONGEST {
        id.to_owned()
    } else {
        format!("{}/{}/{}", message.topic, message.partition, message.offset)
    };
    let trace = header(message, TRACE).filter(|text| is_trace(text));
    let said = header(message, CORRELATION).filter(|id| is_plain(id) && id.len() <= LONGEST);
    let traced = || trace.and_then(|trace| trace.split('-').nth(1));
    let correlation = said.or_else(traced).unwrap_or(&cause).to_owned();
    Metadata {
        correlation_id: Some(correlation),
        causation_id: Some(cause),
        traceparent: trace.map(str::to_owned),
        ..Metadata::default()
    }
}

fn clave(message: &IncomingMessage) -> Option<Uuid> {
    let key = std::str::from_utf8(message.key.as_deref()?).ok()?;
    Uuid::parse_str(key).ok()
}

/// The last of several, as Kafka's own clients take it.
fn header<'m>(message: &'m IncomingMessage, name: &str) -> Option<&'m str> {
    let found = message.headers.iter().rfind(|header| header.name == name)?;
    std::str::from_utf8(&found.value).ok()
}

fn is_plain(id: &str) -> bool {
    !id.trim().is_empty() && !id.chars().any(char::is_control)
}

/// A W3C trace context of version 00: `00-<32 hex>-<16 hex>-<2 hex>`, neither id all zeros.
fn is_trace(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let hex = |part: &str, length: usize| {
        let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        part.len() == length && part.bytes().all(lower)
    };
    let [version, trace, span, flags] = parts[..] else {
        return false;
    };
    let named = |id: &str| id.bytes().any(|byte| byte != b'0');
    version == "00"
        && hex(trace, 32)
        && hex(span, 16)
        && hex(flags, 2)
        && named(trace)
        && named(span)
}

/// When a message was received, as precisely as a database keeps it.
#[must_use]
pub(crate) fn ahora() -> DateTime<Utc> {
    let now = Utc::now();
    DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ingesta_kafka::message::Header;

    fn message(headers: Vec<Header>) -> IncomingMessage {
        IncomingMessage {
            topic: "t".to_owned(),
            partition: 0,
            offset: 7,
            key: None,
            value: None,
            headers,
            timestamp: None,
        }
    }

    #[test]
    fn a_conversation_and_a_trace_are_kept_and_nonsense_is_not() {
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let both = message(vec![
            Header::new(TRACE, trace),
            Header::new(CORRELATION, "conversacion-7"),
        ]);
        let kept = metadata(&both, "orden-1");
        assert_eq!(kept.traceparent.as_deref(), Some(trace));
        assert_eq!(kept.correlation_id.as_deref(), Some("conversacion-7"));
        assert_eq!(kept.causation_id.as_deref(), Some("orden-1"));

        let traced = metadata(&message(vec![Header::new(TRACE, trace)]), "orden-1");
        let id = Some("4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(traced.correlation_id.as_deref(), id);

        let bad = message(vec![
            Header::new(TRACE, "00-no-trace-01"),
            Header::new(CORRELATION, " "),
        ]);
        let kept = metadata(&bad, "a\nb");
        assert_eq!(kept.traceparent, None);
        assert_eq!(kept.causation_id.as_deref(), Some("t/0/7"));
        assert_eq!(kept.correlation_id.as_deref(), Some("t/0/7"));
    }

    #[test]
    fn a_name_that_cannot_be_kept_is_named_by_its_hash() {
        assert_eq!(nombre("t", "a/1"), "kafka/t/a/1");
        let long = "x".repeat(300);
        assert_eq!(nombre("t", &long).len(), "kafka-sha256/".len() + 64);
        assert_ne!(nombre("t", &long), nombre("u", &long));
    }
}
