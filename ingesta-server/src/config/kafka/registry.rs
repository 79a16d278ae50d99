//! The schema registry: its address, with the name and password that may stand in it.
//!
//! Promises: a password is printed nowhere.
//! Does not: ask any registry.

use ingesta_kafka::schema::{RegistryOptions, SchemaRegistry};
use reqwest::Url;

use super::{bad, text};
use crate::config::{ConfigError, Layers};
use crate::mensajes::Format;

pub(super) const MASK: &str = "***";

/// A secret for people: the address of a registry without its password, nothing of anything else.
pub(in crate::config) fn masked(value: &str) -> String {
    match Url::parse(value) {
        Ok(mut url) if is_web(&url) && url.query().is_none() => {
            if url.password().is_some() && url.set_password(Some(MASK)).is_err() {
                return MASK.to_owned();
            }
            url.to_string()
        }
        _ => MASK.to_owned(),
    }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

/// The registry, where there is one.
pub(super) fn registry(
    layers: &Layers,
    format: Format,
) -> Result<Option<SchemaRegistry>, ConfigError> {
    const KEY: &str = "kafka_schema_registry";
    let Some(said) = text(layers, KEY) else {
        return Ok(None);
    };
    if format == Format::Json {
        let expected = "nothing where kafka_format is json: JSON has no schema's number";
        return Err(bad(layers, KEY, expected));
    }
    let expected = if cfg!(feature = "tls") {
        "an address, as in https://user:password@registry:8081"
    } else {
        "an address, as in http://user:password@registry:8081; https needs a build with the \
         feature `tls`"
    };
    let mut url = match Url::parse(said) {
        Ok(url) if is_web(&url) && url.query().is_none() => url,
        _ => return Err(bad(layers, KEY, expected)),
    };
    let (user, password) = (
        decoded(url.username()),
        decoded(url.password().unwrap_or("")),
    );
    if url.set_username("").is_err() || url.set_password(None).is_err() {
        return Err(bad(layers, KEY, expected));
    }
    let mut options = RegistryOptions::new(url);
    if !user.is_empty() {
        options = options.with_basic_auth(user, password);
    }
    let registry = SchemaRegistry::new(options).map_err(|_| bad(layers, KEY, expected))?;
    Ok(Some(registry))
}

/// What percent signs stand for, in the part of an address before the host.
pub(super) fn decoded(part: &str) -> String {
    let as_query = format!("http://h/?v={}", part.replace('+', "%2B"));
    let url = Url::parse(&as_query).ok();
    let pair = url.as_ref().and_then(|url| url.query_pairs().next());
    pair.map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
