//! Encrypted and authenticated connections, as the keys say them.
//!
//! Promises: half of a setting is refused; it would be a plain connection where another was meant.
//! Does not: read a certificate; the client library does.

use ingesta_kafka::connect::{Sasl, SaslMechanism, Tls};

use super::{bad, text};
use crate::config::{ConfigError, Layers};

pub(super) fn tls(layers: &Layers) -> Result<Option<Tls>, ConfigError> {
    let file = |key| text(layers, key).map(Into::into);
    let ca = text(layers, "kafka_tls_ca");
    let (certificate, key) = (file("kafka_tls_cert"), file("kafka_tls_key"));
    let Some(ca) = ca else {
        // Half of it would be a plain connection where an encrypted one was meant.
        for (name, given) in [("kafka_tls_cert", &certificate), ("kafka_tls_key", &key)] {
            if given.is_some() {
                return Err(bad(
                    layers,
                    name,
                    "kafka_tls_ca beside it: a file, or system",
                ));
            }
        }
        return Ok(None);
    };
    Ok(Some(Tls {
        ca: (ca != "system").then(|| ca.into()),
        certificate,
        key,
        key_password: None,
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
