//! How this server stands with a Kafka broker: where it is, and how messages are written there.
//!
//! It connects to nobody; a server without it keeps its log for later.

use ingesta_kafka::connect::KafkaOptions;
use ingesta_kafka::schema::RegistryOptions;

/// A broker, and what is published to it and read from it.
#[derive(Clone, Debug)]
pub struct Messaging {
    /// How to reach the broker.
    pub kafka: KafkaOptions,
    /// What the names of topics and consumer groups begin with. Default nothing.
    pub prefix: String,
    /// How messages are written and read. Default [`Format::Avro`].
    pub format: Format,
    /// A registry that numbers Avro schemas: messages then begin with the number. Default none.
    pub registry: Option<RegistryOptions>,
    /// Which topics events go to. Default [`Routes::Una`].
    pub routes: Routes,
    /// How the log is published. Default [`RelayMode::AtLeastOnce`].
    pub relay: RelayMode,
    /// Copies of each partition of a topic that is created here, at least 1. Default 1.
    pub replication: i32,
    /// Partitions of a topic that is created here, at least 1. Default 6.
    pub partitions: i32,
}

impl Messaging {
    /// The defaults, for this broker.
    #[must_use]
    pub fn new(kafka: KafkaOptions) -> Self {
        Self {
            kafka,
            prefix: String::new(),
            format: Format::Avro,
            registry: None,
            routes: Routes::Una,
            relay: RelayMode::AtLeastOnce,
            replication: 1,
            partitions: 6,
        }
    }
}

/// How messages are written and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Avro, in binary.
    Avro,
    /// JSON.
    Json,
}

/// Which topics events go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routes {
    /// All events of ingestas to one topic, all of images to another.
    Una,
    /// Besides, one topic per event, as the first systems had them.
    PorTipo,
}

/// How the log is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayMode {
    /// Each event at least once, a repetition recognisable by its id.
    AtLeastOnce,
    /// In Kafka transactions: a `read_committed` reader sees each event exactly once.
    Transactional,
}
