//! From the options to a configuration of the client library.
//!
//! Everything that can be found wrong without a connection is found here, with the name of the
//! setting and never its value.

use std::path::Path;

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::KafkaError as ClientError;

use super::owned::is_owned;
use super::{KafkaError, KafkaOptions, Sasl, SaslMechanism, Tls};

const HAS_TLS: bool = cfg!(feature = "tls");

impl KafkaOptions {
    /// Finds what is wrong with the options without connecting.
    ///
    /// # Errors
    /// [`KafkaError::Settings`] names the setting.
    pub fn check(&self) -> Result<(), KafkaError> {
        let config = self.client()?;
        let native = config.create_native_config();
        native.map(|_| ()).map_err(|cause| wrong_setting(&cause))
    }

    /// What every client of this crate is made from.
    pub(crate) fn client(&self) -> Result<ClientConfig, KafkaError> {
        if self.brokers.trim().is_empty() {
            return Err(settings("no broker is named: give host:port"));
        }
        if let Some(owned) = self.extra.keys().find(|key| is_owned(key)) {
            return Err(settings(format!(
                "`{owned}` cannot be set by name: it has an option of its own, or a promise of \
                 this library rests on it"
            )));
        }
        let mut config = ClientConfig::new();
        for (key, value) in &self.extra {
            config.set(key, value);
        }
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", &self.client_id)
            .set("security.protocol", self.protocol())
            // A connection that is dead without saying so is found by the system.
            .set("socket.keepalive.enable", "true")
            // A topic that is made by accident has one partition and somebody's defaults.
            .set("allow.auto.create.topics", "false")
            .set_log_level(RDKafkaLogLevel::Info);
        if let Some(tls) = &self.tls {
            encrypt(&mut config, tls)?;
        }
        if let Some(sasl) = &self.sasl {
            identify(&mut config, sasl)?;
        }
        Ok(config)
    }

    fn protocol(&self) -> &'static str {
        match (self.tls.is_some(), self.sasl.is_some()) {
            (false, false) => "plaintext",
            (true, false) => "ssl",
            (false, true) => "sasl_plaintext",
            (true, true) => "sasl_ssl",
        }
    }
}

fn encrypt(config: &mut ClientConfig, tls: &Tls) -> Result<(), KafkaError> {
    if !HAS_TLS {
        return Err(settings(
            "TLS is asked for and this program was built without it: build with the feature `tls`",
        ));
    }
    if tls.certificate.is_some() != tls.key.is_some() {
        return Err(settings(
            "a certificate and its private key go together: give both or none",
        ));
    }
    let paths = [
        ("ssl.ca.location", &tls.ca),
        ("ssl.certificate.location", &tls.certificate),
        ("ssl.key.location", &tls.key),
    ];
    for (setting, path) in paths {
        let Some(path) = path else { continue };
        config.set(setting, readable(setting, path)?);
    }
    if let Some(password) = &tls.key_password {
        config.set("ssl.key.password", password.reveal());
    }
    Ok(())
}

fn readable<'p>(setting: &str, path: &'p Path) -> Result<&'p str, KafkaError> {
    if let Err(cause) = std::fs::File::open(path) {
        let (path, kind) = (path.display(), cause.kind());
        return Err(settings(format!(
            "{setting}: {path} cannot be read: {kind}"
        )));
    }
    path.to_str()
        .ok_or_else(|| settings(format!("{setting}: the path is not UTF-8")))
}

fn identify(config: &mut ClientConfig, sasl: &Sasl) -> Result<(), KafkaError> {
    if sasl.mechanism != SaslMechanism::Plain && !HAS_TLS {
        return Err(settings(
            "SCRAM is asked for and this program was built without it: build with the feature `tls`",
        ));
    }
    config
        .set("sasl.mechanisms", sasl.mechanism.name())
        .set("sasl.username", &sasl.user)
        .set("sasl.password", sasl.password.reveal());
    Ok(())
}

fn settings(what: impl Into<String>) -> KafkaError {
    KafkaError::Settings { what: what.into() }
}

/// What the client library says of a configuration that it does not take: the setting, and not
/// the value, which may be a secret.
pub(super) fn wrong_setting(cause: &ClientError) -> KafkaError {
    if let ClientError::ClientConfig(_, _, key, _) = cause {
        return settings(format!(
            "`{key}` is unknown to librdkafka or has a value that it refuses"
        ));
    }
    // How clients are made; its texts name settings and files.
    if let ClientError::ClientCreation(what) = cause {
        return settings(what.clone());
    }
    settings(format!(
        "the client was not made: {}",
        super::Code::of(cause)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local() -> KafkaOptions {
        KafkaOptions::new("localhost:9092")
    }

    #[test]
    fn connections_are_watched_and_topics_are_not_made_by_accident() {
        let config = local().client().unwrap();
        assert_eq!(config.get("socket.keepalive.enable"), Some("true"));
        assert_eq!(config.get("allow.auto.create.topics"), Some("false"));
        assert_eq!(config.get("security.protocol"), Some("plaintext"));
    }

    #[test]
    fn what_promises_rest_on_is_refused_by_name_and_the_rest_passes() {
        for owned in [
            "acks",
            "message.timeout.ms",
            "sasl.password",
            "ssl.key.pem",
            "group.id",
        ] {
            let mut options = local();
            options.extra.insert(owned.into(), "1".into());
            let refused = options.check().unwrap_err().to_string();
            assert!(refused.contains(owned), "{refused}");
        }
        let mut options = local();
        options
            .extra
            .insert("socket.timeout.ms".into(), "5000".into());
        options.check().unwrap();
    }

    #[test]
    fn a_wrong_value_is_named_by_its_setting_and_not_repeated() {
        let mut options = local();
        options
            .extra
            .insert("statistics.interval.ms".into(), "s3cret".into());
        let refused = options.check().unwrap_err().to_string();
        assert!(refused.contains("statistics.interval.ms"), "{refused}");
        assert!(!refused.contains("s3cret"), "{refused}");
    }

    #[test]
    fn a_password_shows_nowhere_and_reaches_the_client() {
        let mut options = local();
        options.sasl = Some(Sasl {
            mechanism: SaslMechanism::Plain,
            user: "ana".into(),
            password: "s3cret".into(),
        });
        let config = options.client().unwrap();
        assert_eq!(config.get("sasl.password"), Some("s3cret"));
        assert_eq!(config.get("security.protocol"), Some("sasl_plaintext"));
        assert!(!format!("{options:?}").contains("s3cret"));
        assert!(options.check().is_ok());
    }

    #[test]
    fn no_broker_is_an_error_that_says_what_to_give() {
        let refused = KafkaOptions::new(" ").check().unwrap_err().to_string();
        assert!(refused.contains("host:port"), "{refused}");
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn what_needs_tls_names_the_feature() {
        let mut options = local();
        options.tls = Some(Tls::default());
        assert!(options.check().unwrap_err().to_string().contains("`tls`"));
        options.tls = None;
        options.sasl = Some(Sasl {
            mechanism: SaslMechanism::ScramSha512,
            user: "ana".into(),
            password: "s3cret".into(),
        });
        assert!(options.check().unwrap_err().to_string().contains("`tls`"));
    }

    #[cfg(feature = "tls")]
    #[test]
    fn a_file_that_is_not_there_is_named() {
        let mut options = local();
        options.tls = Some(Tls {
            ca: Some("/nowhere/ca.pem".into()),
            ..Tls::default()
        });
        let refused = options.check().unwrap_err().to_string();
        assert!(refused.contains("/nowhere/ca.pem"), "{refused}");
        options.tls = Some(Tls {
            key: Some("/nowhere/key.pem".into()),
            ..Tls::default()
        });
        assert!(options.check().unwrap_err().to_string().contains("both"));
    }
}
