//! A bare producer of the same client, with every setting of the relay's producer: messages from memory to the
//! broker, as fast as it takes them.

use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use ingesta_kafka::connect::KafkaOptions;
use ingesta_kafka::message::OutgoingMessage;
use ingesta_kafka::producer::ProducerOptions;
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};

/// Longer than the messages of a bench may need.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long it takes until all of them are acknowledged.
///
/// # Errors
/// When the broker refuses one, or does not answer.
pub async fn produce(
    kafka: &KafkaOptions,
    messages: Vec<OutgoingMessage>,
) -> anyhow::Result<Duration> {
    let brokers = kafka.brokers.clone();
    tokio::task::spawn_blocking(move || {
        let producer = producer(&brokers)?;
        let began = Instant::now();
        for message in &messages {
            send(&producer, message)?;
        }
        producer.flush(PATIENCE)?;
        Ok(began.elapsed())
    })
    .await
    .context("the bare producer panicked")?
}

fn producer(brokers: &str) -> anyhow::Result<ThreadedProducer<DefaultProducerContext>> {
    let like = ProducerOptions::default();
    let producer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("enable.gapless.guarantee", "true")
        .set("partitioner", "murmur2_random")
        .set("message.timeout.ms", "0")
        .set("linger.ms", like.linger_ms.to_string())
        .set("compression.type", "lz4")
        .set("message.max.bytes", like.message_max_bytes.to_string())
        .set("batch.size", like.message_max_bytes.to_string())
        .set(
            "queue.buffering.max.kbytes",
            (like.window_bytes / 1024).to_string(),
        )
        .set(
            "queue.buffering.max.messages",
            like.window_messages.to_string(),
        )
        .create()?;
    Ok(producer)
}

fn send(
    producer: &ThreadedProducer<DefaultProducerContext>,
    message: &OutgoingMessage,
) -> anyhow::Result<()> {
    loop {
        let value = message.value.as_deref().unwrap_or_default();
        let record = BaseRecord::to(&message.topic)
            .key(&message.key)
            .payload(value);
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                std::thread::sleep(Duration::from_micros(200));
            }
            Err((error, _)) => return Err(anyhow!(error)),
        }
    }
}
