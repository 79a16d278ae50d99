//! What a program says about its broker, each with its default.
//!
//! Nothing here is read from the environment; whoever embeds this fills it in.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Secret;

/// How to reach a Kafka cluster.
///
/// ```
/// use ingesta_kafka::connect::{KafkaOptions, Sasl, SaslMechanism};
///
/// let mut options = KafkaOptions::new("broker-1:9092,broker-2:9092");
/// options.client_id = "orders".into();
/// options.sasl = Some(Sasl {
///     mechanism: SaslMechanism::Plain,
///     user: "orders".into(),
///     password: "hunter2".into(),
/// });
/// assert!(!format!("{options:?}").contains("hunter2"));
/// assert!(options.check().is_ok());
///
/// // What the promises of this crate rest on is refused, by name.
/// options.extra.insert("acks".into(), "0".into());
/// assert!(options.check().unwrap_err().to_string().contains("acks"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KafkaOptions {
    /// `host:port` of one or several brokers of the cluster, separated by commas.
    pub brokers: String,
    /// How brokers name this program in their logs and quotas. Default `ingesta`.
    pub client_id: String,
    /// Encrypted connections; `None`: plain ones. Needs the feature `tls`.
    pub tls: Option<Tls>,
    /// Who this program is; `None`: nobody in particular.
    pub sasl: Option<Sasl>,
    /// Further settings of librdkafka by their own names. Those that promises of this crate rest
    /// on, or that have a field here, are refused.
    pub extra: BTreeMap<String, String>,
}

impl KafkaOptions {
    /// Plain connections to these brokers.
    pub fn new(brokers: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            client_id: "ingesta".to_owned(),
            tls: None,
            sasl: None,
            extra: BTreeMap::new(),
        }
    }
}

/// Encrypted connections, and whom they trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// The authorities that a broker's certificate must come from (PEM); the system's where absent.
    pub ca: Option<PathBuf>,
    /// This program's own certificate (PEM), where brokers ask for one; goes with `key`.
    pub certificate: Option<PathBuf>,
    /// The private key of `certificate` (PEM).
    pub key: Option<PathBuf>,
    /// What `key` is locked with.
    pub key_password: Option<Secret>,
}

/// Who this program is to the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sasl {
    /// How it proves that.
    pub mechanism: SaslMechanism,
    /// Its name.
    pub user: String,
    /// Its password.
    pub password: Secret,
}

/// How a name is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaslMechanism {
    /// The password as it is: only over TLS.
    Plain,
    /// A challenge with SHA-256. Needs the feature `tls`, whose library computes it.
    ScramSha256,
    /// A challenge with SHA-512. Needs the feature `tls`, whose library computes it.
    ScramSha512,
}

impl SaslMechanism {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}
