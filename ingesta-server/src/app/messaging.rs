//! How this server stands with a Kafka broker: where it is, and which messages go there and come.
//!
//! It connects to nobody; a server without it keeps its log for later.

use std::time::Duration;

use ingesta_kafka::connect::KafkaOptions;
use ingesta_kafka::topics::Copies;

use crate::mensajes::Rutas;

/// A broker, and what is published to it and read from it.
#[derive(Clone, Debug)]
pub struct Messaging {
    /// How to reach the broker.
    pub kafka: KafkaOptions,
    /// Which topics there are, and how their messages are written.
    pub rutas: Rutas,
    /// How the log is published. Default [`RelayMode::AtLeastOnce`].
    pub relay: RelayMode,
    /// By which way module `imagenes` hears of ingestas. Default [`ImagenesDesde::Registro`].
    pub imagenes: ImagenesDesde,
    /// Copies of a topic that is created here. Default: as the brokers are set.
    pub copies: Copies,
    /// How long a topic that is created here keeps its messages. Default: as the brokers are set.
    pub retention: Option<Duration>,
    /// Partitions of a topic that is created here, at least 1. Default 6.
    pub partitions: i32,
    /// What the topic of places in transactional mode begins with. Default nothing.
    pub prefix: String,
}

impl Messaging {
    /// The defaults, for this broker.
    #[must_use]
    pub fn new(kafka: KafkaOptions) -> Self {
        Self {
            kafka,
            rutas: Rutas::default(),
            relay: RelayMode::AtLeastOnce,
            imagenes: ImagenesDesde::Registro,
            copies: Copies::default(),
            retention: None,
            partitions: 6,
            prefix: String::new(),
        }
    }

    /// Whether images hear of ingestas by topic, and the log's own follower rests.
    #[must_use]
    pub fn images_by_topic(&self) -> bool {
        self.imagenes == ImagenesDesde::Topico
    }
}

/// How the log is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayMode {
    /// Each event at least once, a repetition recognisable by its id.
    AtLeastOnce,
    /// In Kafka transactions: a `read_committed` reader sees each event exactly once.
    Transactional,
}

/// By which way module `imagenes` hears of ingestas. A change of it loses and doubles nothing, also
/// while one server goes the one way and another the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImagenesDesde {
    /// From the log itself.
    Registro,
    /// From the topics of events, as a consumer group. Where the broker is away, images wait for it.
    Topico,
}
