//! `Apartados`: messages that this server has put aside, on its topics' dead ones.
//!
//! Promises: only topics that this server reads; sizes and names, never what is in a message.

use ingesta_kafka::connect::KafkaError;
use ingesta_kafka::dead_letters::DeadLetters;

use crate::app::Messaging;
use crate::entradas::topicos_de_imagenes;

/// The dead letters of the topics that a server reads.
pub(crate) struct Apartados {
    pub(crate) letters: DeadLetters,
    pub(crate) topics: Vec<String>,
}

impl Apartados {
    pub(super) fn new(messaging: &Messaging) -> Result<Self, KafkaError> {
        Ok(Self {
            letters: DeadLetters::new(&messaging.kafka)?,
            topics: topics_read(messaging),
        })
    }
}

/// Every topic that a server of this configuration reads.
pub(crate) fn topics_read(messaging: &Messaging) -> Vec<String> {
    let commands = messaging.rutas.commands().iter();
    let mut topics: Vec<_> = commands.map(|ruta| ruta.topic.clone()).collect();
    if messaging.images_by_topic() {
        let events = topicos_de_imagenes(&messaging.rutas).into_iter();
        topics.extend(events.map(|ruta| ruta.topic.clone()));
    }
    topics
}
