//! Topics of one's own on a broker, and somebody who writes to them.
//!
//! Promises: names that no other test has; nothing is written with the neighbours' own code but the
//! client and the formats.

use std::sync::Arc;

use chrono::DateTime;
use ingesta_kafka::cloud_events::CloudEvent;
use ingesta_kafka::connect::KafkaOptions;
use ingesta_kafka::dead_letters::{DeadLetter, DeadLetters};
use ingesta_kafka::envelope::{EnvelopeWriter, NewEnvelope};
use ingesta_kafka::message::{Header, OutgoingMessage};
use ingesta_kafka::producer::{ProducerOptions, Publisher};
use ingesta_kafka::topics::ensure;
use ingesta_testing::services::kafka_or_skip;
use ingesta_testing::{PATIENCE, eventually};
use saludtech::mensajes::{Topico, Topicos};
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

use crate::oyente::Oyente;

pub(crate) const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

pub(crate) struct Stage {
    pub(crate) kafka: KafkaOptions,
    pub(crate) prefix: String,
    pub(crate) topicos: Topicos,
    pub(crate) folder: TempDir,
    publisher: Arc<Publisher>,
}

impl Stage {
    /// On the shared broker; `None` where tests may be skipped and it is not there.
    pub(crate) async fn new() -> Option<Self> {
        let brokers = kafka_or_skip().await.expect("a broker for the test")?;
        let kafka = KafkaOptions::new(brokers);
        let prefix = format!("t{}.", Uuid::now_v7().simple());
        let topicos = Topicos::new(&prefix, 2, None);
        let specs = Topico::TODOS.map(|topico| topicos.spec(topico));
        ensure(&kafka, &specs, PATIENCE).await.expect("the topics");
        let publisher = Publisher::new(&kafka, ProducerOptions::default());
        Some(Self {
            publisher: Arc::new(publisher.expect("options that work")),
            folder: tempfile::tempdir().expect("a folder"),
            kafka,
            prefix,
            topicos,
        })
    }

    /// Writes a message in its envelope, with all that its sender says about it.
    pub(crate) async fn escribir(&self, topico: Topico, key: Uuid, id: &str, datos: &Value) {
        let about = CloudEvent {
            traceparent: Some(TRACE.to_owned()),
            ..CloudEvent::new(id, "/sta", "Comando")
        };
        let mut headers = about.to_headers();
        headers.push(Header::new("ce_correlationid", "conversacion-7"));
        let value = sobre(topico, id, datos);
        let key = Some(key.to_string());
        self.escribir_bytes(topico, key.as_deref(), Some(value), headers)
            .await;
    }

    /// Writes whatever.
    pub(crate) async fn escribir_bytes(
        &self,
        topico: Topico,
        key: Option<&str>,
        value: Option<Vec<u8>>,
        headers: Vec<Header>,
    ) {
        let message = OutgoingMessage {
            topic: self.topicos.de(topico),
            key: key.unwrap_or_default().as_bytes().to_vec(),
            value,
            headers,
            timestamp: None,
        };
        let written = self.publisher.publish(&[message]).await;
        written.expect("the message is written");
    }

    /// Whoever hears what is told on a topic.
    pub(crate) fn oyente(&self, topico: Topico) -> Oyente {
        Oyente::new(self, topico)
    }

    /// Waits until so many messages of a topic were put aside.
    pub(crate) async fn apartados(&self, topico: Topico, count: usize) -> Vec<DeadLetter> {
        let letters = DeadLetters::new(&self.kafka).expect("options that work");
        let topic = self.topicos.de(topico);
        eventually("the dead letters", async || {
            let page = letters.list(&topic, None, 1_000).await;
            let found = page.expect("the broker answers").letters;
            (found.len() >= count).then_some(found)
        })
        .await
    }

    /// The reasons of as many, in order of their words.
    pub(crate) async fn codigos(&self, topico: Topico, count: usize) -> Vec<String> {
        let letters = self.apartados(topico, count).await;
        let mut codes: Vec<_> = letters.into_iter().map(|letter| letter.code).collect();
        codes.sort();
        codes
    }
}

/// A FULL envelope.
pub(crate) fn sobre(topico: Topico, id: &str, datos: &Value) -> Vec<u8> {
    let writer = EnvelopeWriter::avro(topico.avro()).expect("a schema of an envelope");
    let envelope = NewEnvelope {
        id,
        time: DateTime::from_timestamp_millis(1_740_787_200_000).expect("an instant"),
        ingestion: DateTime::UNIX_EPOCH,
        message_type: "Comando",
        service_name: "sta",
        data: datos,
    };
    writer.write(&envelope).expect("the data fits the schema")
}
