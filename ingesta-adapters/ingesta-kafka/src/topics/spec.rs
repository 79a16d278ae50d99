//! What a topic must be like, and how one that exists differs from that.

use std::fmt;
use std::time::Duration;

use super::Copies;
use super::keeping::{Cleanup, Timestamps};
use crate::connect::KafkaError;

/// A topic and the settings that its use needs.
///
/// ```
/// use std::time::Duration;
///
/// use ingesta_kafka::topics::{Cleanup, TopicSpec};
///
/// let mut orders = TopicSpec::new("orders", 6);
/// orders.retention = Some(Duration::from_secs(30 * 24 * 3600));
/// let latest = TopicSpec { cleanup: Cleanup::Compact, ..TopicSpec::new("latest", 1) };
/// assert!(orders.check().is_ok() && latest.check().is_ok());
///
/// assert!(TopicSpec::new("no/slashes", 1).check().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSpec {
    /// Its name: letters, digits, `.`, `_` and `-`, at most 249.
    pub name: String,
    /// Partitions, at least 1. More can be added later, and then keys move.
    pub partitions: i32,
    /// Copies of each partition; `None`: as the brokers are set. Three where messages matter.
    pub replication: Option<i32>,
    /// How long messages are kept; `None`: as the brokers are set. [`Duration::MAX`]: for ever.
    pub retention: Option<Duration>,
    /// What becomes of old messages. Default [`Cleanup::Delete`].
    pub cleanup: Cleanup,
    /// The largest batch that the topic takes, in bytes; `None`: as the brokers are set.
    pub max_message_bytes: Option<u32>,
    /// Copies that must have a message before it counts; `None`: as the brokers are set.
    pub min_insync_replicas: Option<u32>,
    /// Which time a message is kept and looked up by; `None`: as the brokers are set.
    pub timestamps: Option<Timestamps>,
    /// Size of a log file, in bytes; compaction spares the newest. `None`: as the brokers are set.
    pub segment_bytes: Option<u32>,
}

/// What came of one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ensured {
    /// Its name.
    pub topic: String,
    /// Whether it was there.
    pub was: Was,
    /// How it differs from what was asked for; nothing was changed.
    pub differences: Vec<Difference>,
}

/// Whether a topic was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Was {
    /// It was not, and is now.
    Created,
    /// It was.
    There,
}

/// How a topic differs from its specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Another number of partitions.
    Partitions {
        /// As asked for.
        wanted: i32,
        /// As it is.
        found: usize,
    },
    /// Another value of a setting.
    Setting {
        /// Its name, as Kafka spells it.
        name: &'static str,
        /// As asked for.
        wanted: String,
        /// As it is.
        found: String,
    },
    /// The settings could not be read.
    Unread {
        /// The permission that is missing.
        missing: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Partitions { wanted, found } => {
                write!(f, "{found} partitions instead of {wanted}")
            }
            Self::Setting {
                name,
                wanted,
                found,
            } => {
                write!(f, "{name} is {found} instead of {wanted}")
            }
            Self::Unread { missing } => write!(f, "its settings were not read: grant {missing}"),
        }
    }
}

impl TopicSpec {
    /// A topic that is deleted from by age, otherwise as the brokers are set.
    pub fn new(name: impl Into<String>, partitions: i32) -> Self {
        Self {
            name: name.into(),
            partitions,
            replication: None,
            retention: None,
            cleanup: Cleanup::Delete,
            max_message_bytes: None,
            min_insync_replicas: None,
            timestamps: None,
            segment_bytes: None,
        }
    }

    /// With so many copies.
    #[must_use]
    pub fn with_copies(self, copies: Copies) -> Self {
        Self {
            replication: copies.replication,
            min_insync_replicas: copies.min_insync,
            ..self
        }
    }

    /// Finds what no broker would take, or could ever write to.
    ///
    /// # Errors
    /// [`KafkaError::Settings`] says what.
    pub fn check(&self) -> Result<(), KafkaError> {
        let wrong = |what: &str| {
            let what = format!("topic `{}`: {what}", self.name);
            Err(KafkaError::Settings { what })
        };
        let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if self.name.is_empty() || self.name.len() > 249 || !self.name.chars().all(legal) {
            return wrong("a name is 1 to 249 letters, digits, `.`, `_` or `-`");
        }
        if [".", ".."].contains(&self.name.as_str()) {
            return wrong("a name is more than dots");
        }
        if self.partitions < 1 {
            return wrong("at least one partition");
        }
        if self.replication.is_some_and(|copies| copies < 1) {
            return wrong("at least one copy");
        }
        if let (Some(copies), Some(needed)) = (self.replication, self.min_insync_replicas)
            && u32::try_from(copies).is_ok_and(|copies| copies < needed)
        {
            return wrong("fewer copies than must have a message before it counts");
        }
        Ok(())
    }

    /// Settings that are asked for, as Kafka spells them.
    pub(super) fn settings(&self) -> Vec<(&'static str, String)> {
        let retention = self.retention.map(|kept| {
            // -1 is for ever.
            i64::try_from(kept.as_millis()).unwrap_or(-1).to_string()
        });
        let given = [
            ("retention.ms", retention),
            (
                "max.message.bytes",
                self.max_message_bytes.map(|n| n.to_string()),
            ),
            (
                "min.insync.replicas",
                self.min_insync_replicas.map(|n| n.to_string()),
            ),
            (
                "message.timestamp.type",
                self.timestamps.map(|kind| kind.name().to_owned()),
            ),
            ("segment.bytes", self.segment_bytes.map(|n| n.to_string())),
        ];
        let given = given
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        std::iter::once(("cleanup.policy", self.cleanup.name().to_owned()))
            .chain(given)
            .collect()
    }

    /// How a topic with so many partitions and these settings differs.
    pub(super) fn differences(
        &self,
        found: usize,
        setting: &dyn Fn(&str) -> Option<String>,
    ) -> Vec<Difference> {
        let wanted = self.partitions;
        let other = usize::try_from(wanted).is_ok_and(|wanted| wanted != found);
        let partitions = other.then_some(Difference::Partitions { wanted, found });
        let settings = self.settings().into_iter().filter_map(|(name, wanted)| {
            let found = setting(name)?;
            (!same(&wanted, &found)).then_some(Difference::Setting {
                name,
                wanted,
                found,
            })
        });
        partitions.into_iter().chain(settings).collect()
    }
}

/// The order of a list says nothing.
fn same(wanted: &str, found: &str) -> bool {
    let parts = |text: &str| {
        let mut parts: Vec<_> = text.split(',').map(|part| part.trim().to_owned()).collect();
        parts.sort();
        parts
    };
    parts(wanted) == parts(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_no_broker_takes_are_refused_before_it_is_asked() {
        for name in ["", "a b", "a/b", "..", "ñ"] {
            assert!(TopicSpec::new(name, 1).check().is_err(), "{name}");
        }
        assert!(TopicSpec::new("a".repeat(250), 1).check().is_err());
        assert!(TopicSpec::new("a", 0).check().is_err());
        TopicSpec::new("evento-ingesta.v1_x", 1).check().unwrap();
    }

    #[test]
    fn what_differs_is_told_and_what_was_not_asked_for_is_not() {
        let spec = TopicSpec {
            cleanup: Cleanup::CompactAndDelete,
            retention: Some(Duration::MAX),
            timestamps: Some(Timestamps::Published),
            ..TopicSpec::new("t", 3)
        };
        let as_wanted = |name: &str| match name {
            "message.timestamp.type" => Some("LogAppendTime".to_owned()),
            "cleanup.policy" => Some("delete, compact".to_owned()),
            "retention.ms" => Some("-1".to_owned()),
            _ => Some("7".to_owned()),
        };
        assert_eq!(spec.differences(3, &as_wanted), []);
        let told: Vec<_> = spec.differences(1, &|_| Some("delete".to_owned()));
        let told: Vec<_> = told.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "1 partitions instead of 3",
                "cleanup.policy is delete instead of compact,delete",
                "retention.ms is delete instead of -1",
                "message.timestamp.type is delete instead of LogAppendTime"
            ]
        );
    }
}
