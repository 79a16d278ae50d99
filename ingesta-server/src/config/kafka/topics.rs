//! What topics that are created here are like: copies, and how long messages are kept.
//!
//! Promises: what nobody sets is left to the brokers; what no topic could ever work with is refused
//! before a broker is asked.

use std::time::Duration;

use ingesta_kafka::topics::Copies;

use super::super::read::{bad, number};
use super::super::{ConfigError, Layers};
use super::text;

const DAY: Duration = Duration::from_secs(24 * 3600);

pub(super) fn copies(layers: &Layers) -> Result<Copies, ConfigError> {
    let replication = few(layers, "kafka_replication")?;
    let min_insync = few(layers, "kafka_min_insync")?;
    if let (Some(copies), Some(needed)) = (replication, min_insync)
        && needed > copies
    {
        let expected = "a number, 1 to kafka_replication";
        return Err(bad(layers, "kafka_min_insync", expected));
    }
    Ok(Copies {
        replication: replication.map(|copies| i32::try_from(copies).expect("at most 15")),
        min_insync,
    })
}

/// `Duration::MAX`: for ever.
pub(super) fn retention(layers: &Layers) -> Result<Option<Duration>, ConfigError> {
    const KEY: &str = "kafka_retention_days";
    match text(layers, KEY) {
        None => Ok(None),
        Some("siempre") => Ok(Some(Duration::MAX)),
        Some(_) => {
            let expected = "a whole number of days, 1 to 36500, or siempre";
            let days = number(layers, KEY, 1..=36_500, expected)?;
            Ok(Some(DAY * u32::try_from(days).expect("at most 36,500")))
        }
    }
}

fn few(layers: &Layers, key: &'static str) -> Result<Option<u32>, ConfigError> {
    if text(layers, key).is_none() {
        return Ok(None);
    }
    let few = number(layers, key, 1..=15, "a number, 1 to 15")?;
    Ok(Some(u32::try_from(few).expect("at most 15")))
}
