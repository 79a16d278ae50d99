//! The broker of a bench: a given one, else a throw-away one that is taken down at the end.

use std::time::Duration;

use anyhow::Context;
use ingesta_kafka::connect::KafkaOptions;
use ingesta_kafka::topics::{TopicSpec, ensure};
use ingesta_testing::services::{Which, down, up};
use uuid::Uuid;

/// Partitions of each topic.
const PARTITIONS: i32 = 6;

/// A running broker.
pub struct Broker {
    /// How to reach it.
    pub kafka: KafkaOptions,
    own: bool,
}

impl Broker {
    /// That of `KAFKA_BROKERS`, else one of its own.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start() -> anyhow::Result<Self> {
        let given = std::env::var("KAFKA_BROKERS")
            .ok()
            .filter(|brokers| !brokers.is_empty());
        if let Some(brokers) = given {
            let kafka = KafkaOptions::new(brokers);
            return Ok(Self { kafka, own: false });
        }
        let services = up(&[Which::Kafka], false).await?;
        let broker = services.into_iter().next();
        let broker = broker.context("the service that was started is not told")?;
        let kafka = KafkaOptions::new(broker.address);
        Ok(Self { kafka, own: true })
    }

    /// A new topic.
    ///
    /// # Errors
    /// When the broker refuses.
    pub async fn topic(&self, name: &str) -> anyhow::Result<String> {
        let name = format!("bench-{name}-{}", Uuid::now_v7().simple());
        let spec = TopicSpec::new(&name, PARTITIONS);
        ensure(&self.kafka, &[spec], Duration::from_secs(30)).await?;
        Ok(name)
    }

    /// Takes down what was started here.
    ///
    /// # Errors
    /// When it does not stop.
    pub async fn finish(self) -> anyhow::Result<()> {
        if self.own {
            down(&[Which::Kafka]).await?;
        }
        Ok(())
    }
}
