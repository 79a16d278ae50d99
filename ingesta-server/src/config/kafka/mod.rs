//! The keys that begin with `kafka_`, to the options of the broker and the messages.
//!
//! Promises: what is wrong is named by its key, whether or not a broker is given; a password is
//! printed nowhere.
//! Does not: ask any broker.

mod registry;
mod rutas;
mod security;
#[cfg(test)]
mod tests;
mod topics;

use ingesta_kafka::connect::KafkaOptions;

pub(super) use self::registry::masked;

use self::rutas::rutas;
use self::security::{sasl, tls};
use self::topics::{copies, retention};
use super::read::{bad, number};
use super::{ConfigError, Layers};
use crate::app::{ImagenesDesde, Messaging, RelayMode};

/// Everything about messages; `None` where no broker is given.
pub(super) fn messaging(layers: &Layers) -> Result<Option<Messaging>, ConfigError> {
    let prefix = prefix(layers)?;
    let (tls, sasl) = (tls(layers)?, sasl(layers)?);
    let rutas = rutas(layers, &prefix)?;
    let relay = one_of(
        layers,
        "kafka_relay",
        "at_least_once or transactional",
        &[
            ("at_least_once", RelayMode::AtLeastOnce),
            ("transactional", RelayMode::Transactional),
        ],
    )?;
    let imagenes = imagenes(layers)?;
    let small = |key, most, expected| {
        let number = number(layers, key, 1..=most, expected)?;
        Ok::<_, ConfigError>(i32::try_from(number).expect("at most 1,000"))
    };
    let partitions = small("kafka_partitions", 1_000, "a number, 1 to 1000")?;
    let (copies, retention) = (copies(layers)?, retention(layers)?);
    let Some(brokers) = text(layers, "kafka_brokers") else {
        return Ok(None);
    };
    let mut kafka = KafkaOptions::new(brokers);
    (kafka.tls, kafka.sasl) = (tls, sasl);
    kafka.check()?;
    Ok(Some(Messaging {
        kafka,
        rutas,
        relay,
        imagenes,
        copies,
        retention,
        partitions,
        prefix,
    }))
}

/// By which way images hear of ingestas. Without a broker the other way would make none.
fn imagenes(layers: &Layers) -> Result<ImagenesDesde, ConfigError> {
    const KEY: &str = "kafka_imagenes";
    let (registro, topico) = (ImagenesDesde::Registro, ImagenesDesde::Topico);
    let words = [("registro", registro), ("topico", topico)];
    let said = one_of(layers, KEY, "registro or topico", &words)?;
    if said == topico && text(layers, "kafka_brokers").is_none() {
        return Err(bad(layers, KEY, "registro where kafka_brokers is not set"));
    }
    Ok(said)
}

fn text<'l>(layers: &'l Layers, key: &str) -> Option<&'l str> {
    let value = layers.get(key)?.value.as_str();
    (!value.is_empty()).then_some(value)
}

fn one_of<T: Copy>(
    layers: &Layers,
    key: &'static str,
    expected: &'static str,
    words: &[(&str, T)],
) -> Result<T, ConfigError> {
    let said = text(layers, key).unwrap_or_default();
    let found = words.iter().find(|(word, _)| *word == said);
    let (_, meant) = found.ok_or_else(|| bad(layers, key, expected))?;
    Ok(*meant)
}

/// Room for the longest name of a topic and of its dead letters within Kafka's 249 characters.
const LONGEST_PREFIX: usize = 100;

fn prefix(layers: &Layers) -> Result<String, ConfigError> {
    const KEY: &str = "kafka_prefix";
    let said = text(layers, KEY).unwrap_or_default();
    let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if said.len() <= LONGEST_PREFIX && said.chars().all(legal) {
        return Ok(said.to_owned());
    }
    let expected = "at most 100 letters, digits, dots, underscores and hyphens";
    Err(bad(layers, KEY, expected))
}
