//! Encrypted and authenticated connections, as the keys say them.
//!
//! Promises: half of a setting is refused; it would be a plain connection where another was meant.
//! Does not: read a certificate; the client library does.

use ingesta_kafka::connect::{Sasl, SaslMechanism, Tls};

use super::{bad, text};
use crate::config::{ConfigError, Layers};

pub(super) fn tls(layers: &Layers) -> Result<Option<Tls>, ConfigError> {
    const BESIDE: [(&str, &str, &str); 3] = [
        (
            "kafka_tls_cert",
            "kafka_tls_ca",
            "kafka_tls_ca beside it: a file, or system",
        ),
        (
            "kafka_tls_key",
            "kafka_tls_ca",
            "kafka_tls_ca beside it: a file, or system",
        ),
        (
            "kafka_tls_key_password",
            "kafka_tls_key",
            "kafka_tls_key beside it",
        ),
    ];
    // Half of it would be a plain connection where an encrypted one was meant.
    for (name, needed, expected) in BESIDE {
        if text(layers, name).is_some() && text(layers, needed).is_none() {
            return Err(bad(layers, name, expected));
        }
    }
    let Some(ca) = text(layers, "kafka_tls_ca") else {
        return Ok(None);
    };
    let file = |key| text(layers, key).map(Into::into);
    Ok(Some(Tls {
        ca: (ca != "system").then(|| ca.into()),
        certificate: file("kafka_tls_cert"),
        key: file("kafka_tls_key"),
        key_password: text(layers, "kafka_tls_key_password").map(Into::into),
    }))
}

pub(super) fn sasl(layers: &Layers) -> Result<Option<Sasl>, ConfigError> {
    const KEY: &str = "kafka_sasl_mechanism";
    let Some(said) = text(layers, KEY) else {
        for name in ["kafka_sasl_user", "kafka_sasl_password"] {
            if text(layers, name).is_some() {
                return Err(bad(layers, name, "kafka_sasl_mechanism beside it"));
            }
        }
        return Ok(None);
    };
    let mechanism = match said.to_ascii_lowercase().as_str() {
        "plain" => SaslMechanism::Plain,
        "scram-sha-256" => SaslMechanism::ScramSha256,
        "scram-sha-512" => SaslMechanism::ScramSha512,
        _ => return Err(bad(layers, KEY, "plain, scram-sha-256 or scram-sha-512")),
    };
    let needed = |name, expected| text(layers, name).ok_or_else(|| bad(layers, name, expected));
    Ok(Some(Sasl {
        mechanism,
        user: needed("kafka_sasl_user", "a name, because there is a mechanism")?.to_owned(),
        password: needed(
            "kafka_sasl_password",
            "a password, because there is a mechanism",
        )?
        .into(),
    }))
}
