//! What can be wrong with a configuration.
//!
//! Promises: each error names the key and its source, and says what was expected.
//! Does not: quote a value, which could be a password in the wrong place.

use ingesta_kafka::connect::KafkaError;

use super::Source;

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file was named and cannot be read.
    #[error("the configuration file {path} could not be read")]
    FileAway {
        /// The file.
        path: String,
        /// The system's answer.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("the configuration file {path} could not be read as TOML: {place}")]
    FileMalformed {
        /// The file.
        path: String,
        /// Line and column.
        place: String,
    },
    /// The file holds a key that nobody knows.
    #[error("unknown key `{name}` in {path}{}", suggestion(nearest.as_deref()))]
    UnknownFileKey {
        /// The key.
        name: String,
        /// The file.
        path: String,
        /// A known key that is spelled nearly the same.
        nearest: Option<String>,
    },
    /// An `INGESTA_*` variable that nobody knows.
    #[error("unknown environment variable {name}{}", suggestion(nearest.as_deref()))]
    UnknownVariable {
        /// The variable.
        name: String,
        /// A known variable that is spelled nearly the same.
        nearest: Option<String>,
    },
    /// A value that cannot be used.
    #[error("{key} ({source_of}): expected {expected}")]
    BadValue {
        /// The key.
        key: &'static str,
        /// Where the value came from.
        source_of: Source,
        /// What would have been right.
        expected: &'static str,
    },
    /// The keys that begin with `kafka_` do not go together, or this build cannot do what they ask.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || "; `ingesta config print` lists the known ones".to_owned(),
        |nearest| format!("; did you mean `{nearest}`?"),
    )
}
