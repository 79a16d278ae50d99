//! From texts to typed values.
//!
//! Promises: a value out of range is refused with the range; nothing is rounded or clamped.
//! Does not: know where the texts come from.

use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use super::key::KEYS;
use super::{
    ApiKey, Config, ConfigError, DatabaseAddress, Layers, LogFormat, Source, acceso, http, kafka,
    saga,
};
use crate::app::Follow;

pub(super) fn config(layers: &Layers) -> Result<Config, ConfigError> {
    let connections = number(
        layers,
        "database_connections",
        1..=1_000,
        "a number, 1 to 1000",
    )?;
    let seconds = "a whole number of seconds, 1 to 3600";
    let listen = parsed(
        layers,
        "listen",
        "an address and port, as in 127.0.0.1:5000",
    )?;
    Ok(Config {
        listen,
        acceso: acceso::acceso(layers, listen)?,
        api_key: layers.get("api_key").map(|s| ApiKey(s.value.clone())),
        data_dir: parsed(layers, "data_dir", "a folder")?,
        database_url: layers
            .get("database_url")
            .map(|s| DatabaseAddress::new(&s.value)),
        database_connections: u32::try_from(connections).expect("at most 1,000"),
        log: parsed(layers, "log", "a filter, as in info,sqlx=warn")?,
        log_format: log_format(layers)?,
        http: http::limits(layers)?,
        shutdown_grace: Duration::from_secs(number(
            layers,
            "shutdown_grace_seconds",
            1..=3_600,
            seconds,
        )?),
        read_wait: Duration::from_secs(number(layers, "read_wait_seconds", 1..=3_600, seconds)?),
        lag_alarm: Duration::from_secs(number(layers, "lag_alarm_seconds", 1..=3_600, seconds)?),
        follow: follow(layers)?,
        messaging: kafka::messaging(layers)?,
        saga: saga::saga(layers)?,
        settings: KEYS
            .iter()
            .map(|key| (key, layers.get(key.name).cloned()))
            .collect(),
    })
}

fn log_format(layers: &Layers) -> Result<LogFormat, ConfigError> {
    let text: String = parsed(layers, "log_format", "text or json")?;
    match text.as_str() {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(bad(layers, "log_format", "text or json")),
    }
}

fn follow(layers: &Layers) -> Result<Follow, ConfigError> {
    let text: String = parsed(layers, "follow", "all, views or nothing")?;
    match text.as_str() {
        "all" => Ok(Follow::All),
        "views" => Ok(Follow::Views),
        "nothing" => Ok(Follow::Nothing),
        _ => Err(bad(layers, "follow", "all, views or nothing")),
    }
}

pub(super) fn number(
    layers: &Layers,
    key: &'static str,
    range: RangeInclusive<u64>,
    expected: &'static str,
) -> Result<u64, ConfigError> {
    let number: u64 = parsed(layers, key, expected)?;
    if range.contains(&number) {
        Ok(number)
    } else {
        Err(bad(layers, key, expected))
    }
}

fn parsed<T: FromStr>(
    layers: &Layers,
    key: &'static str,
    expected: &'static str,
) -> Result<T, ConfigError> {
    let text = layers
        .get(key)
        .map(|setting| setting.value.as_str())
        .unwrap_or_default();
    if text.is_empty() {
        return Err(bad(layers, key, expected));
    }
    text.parse().map_err(|_| bad(layers, key, expected))
}

pub(super) fn bad(layers: &Layers, key: &'static str, expected: &'static str) -> ConfigError {
    let source_of = layers
        .get(key)
        .map_or(Source::Default, |setting| setting.source.clone());
    ConfigError::BadValue {
        key,
        source_of,
        expected,
    }
}
