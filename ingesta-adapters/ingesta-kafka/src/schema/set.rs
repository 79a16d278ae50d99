//! `SchemaSet`: the committed schemas of a program.
//!
//! A subject has one or more revisions within a major version, in the order in which they came; the
//! last one is what is written. Loading takes every text or none; auditing says what a reviewer
//! must know before a change is merged.

use std::collections::BTreeMap;
use std::fmt;

use super::{Incompatible, InvalidVersion, MajorVersion, full_transitive, json_schema};
use crate::avro::{AvroSchema, SchemaError};

/// One revision as it is committed.
#[derive(Clone, Copy, Debug)]
pub struct SchemaFile<'a> {
    /// The subject, as `eventos-ingesta-value`.
    pub subject: &'a str,
    /// The folder, as `v1`.
    pub version: &'a str,
    /// The Avro schema.
    pub avro: &'a str,
    /// The JSON Schema that was made of it.
    pub json: &'a str,
}

/// One revision.
#[derive(Clone, Debug)]
pub struct Revision {
    /// The source.
    pub avro: AvroSchema,
    /// The committed twin.
    pub json: String,
}

/// The texts are no set of schemas.
#[derive(Debug, thiserror::Error)]
pub enum SchemaSetError {
    /// A folder is not called as a major version is.
    #[error("{subject} lies in a folder {version}")]
    Version {
        /// Whose.
        subject: String,
        /// What the folder is called.
        version: String,
        /// What it should be called.
        #[source]
        cause: InvalidVersion,
    },
    /// An Avro text is not usable.
    #[error("revision {revision} of {subject} {version} is not usable")]
    Avro {
        /// Whose.
        subject: String,
        /// Of which major version.
        version: MajorVersion,
        /// From 1.
        revision: usize,
        /// Why.
        #[source]
        cause: SchemaError,
    },
}

/// Something that must not be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The committed JSON Schema is not the one that the Avro schema gives.
    StaleTwin {
        /// Whose.
        subject: String,
        /// Of which major version.
        version: MajorVersion,
        /// From 1.
        revision: usize,
    },
    /// A revision breaks readers of its major version.
    Incompatible {
        /// Whose.
        subject: String,
        /// Of which major version.
        version: MajorVersion,
        /// From 1.
        revision: usize,
        /// What it breaks.
        cause: Incompatible,
    },
}

/// The committed schemas of a program.
///
/// ```
/// use ingesta_kafka::schema::{SchemaFile, SchemaSet, json_schema};
/// use ingesta_kafka::avro::AvroSchema;
///
/// let avro = r#"{"type":"record","name":"Luz","fields":[{"name":"a","type":["null","long"]}]}"#;
/// let json = json_schema(&AvroSchema::parse(avro)?);
/// let file = SchemaFile { subject: "luces-value", version: "v1", avro, json: &json };
/// let set = SchemaSet::load([file])?;
/// assert!(set.audit().is_empty());
/// assert!(set.current("luces-value", "v1".parse()?).is_some());
///
/// // A twin that was not made again is found, a text that is no schema is refused.
/// let stale = SchemaSet::load([SchemaFile { json: "{}", ..file }])?;
/// assert_eq!(stale.audit().len(), 1);
/// assert!(SchemaSet::load([SchemaFile { avro: "{}", ..file }]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct SchemaSet {
    schemas: BTreeMap<(String, MajorVersion), Vec<Revision>>,
}

impl SchemaSet {
    /// Takes the committed texts. Files of the same subject and version are its revisions, the
    /// earliest first.
    ///
    /// # Errors
    /// When one of them has no version or no usable schema.
    pub fn load<'a>(
        files: impl IntoIterator<Item = SchemaFile<'a>>,
    ) -> Result<Self, SchemaSetError> {
        let mut set = Self::default();
        for file in files {
            let subject = file.subject.to_owned();
            let version = file.version.parse();
            let version = version.map_err(|cause| SchemaSetError::Version {
                subject: subject.clone(),
                version: file.version.to_owned(),
                cause,
            })?;
            let revisions = set.schemas.entry((subject, version)).or_default();
            let avro = AvroSchema::parse(file.avro).map_err(|cause| SchemaSetError::Avro {
                subject: file.subject.to_owned(),
                version,
                revision: revisions.len() + 1,
                cause,
            })?;
            revisions.push(Revision {
                avro,
                json: file.json.to_owned(),
            });
        }
        Ok(set)
    }

    /// The schema that messages are written with.
    #[must_use]
    pub fn current(&self, subject: &str, version: MajorVersion) -> Option<&AvroSchema> {
        let revisions = self.schemas.get(&(subject.to_owned(), version))?;
        revisions.last().map(|revision| &revision.avro)
    }

    /// Every subject with its revisions, the earliest first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, MajorVersion, &[Revision])> {
        let schemas = self.schemas.iter();
        schemas.map(|((subject, version), revisions)| (subject.as_str(), *version, &**revisions))
    }

    /// Everything that must not be merged: twins that were not made again, changes that break.
    #[must_use]
    pub fn audit(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (subject, version, revisions) in self.iter() {
            let mut earlier = Vec::new();
            for (at, revision) in revisions.iter().enumerate() {
                let subject = || subject.to_owned();
                if json_schema(&revision.avro) != revision.json {
                    findings.push(Finding::StaleTwin {
                        subject: subject(),
                        version,
                        revision: at + 1,
                    });
                }
                if let Err(cause) = full_transitive(&earlier, &revision.avro) {
                    findings.push(Finding::Incompatible {
                        subject: subject(),
                        version,
                        revision: at + 1,
                        cause,
                    });
                }
                earlier.push(revision.avro.clone());
            }
        }
        findings
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StaleTwin {
                subject,
                version,
                revision,
            } => write!(
                f,
                "revision {revision} of {subject} {version}: its JSON Schema is not the one that \
                 its Avro schema gives; make it again"
            ),
            Self::Incompatible {
                subject,
                version,
                revision,
                cause,
            } => write!(f, "revision {revision} of {subject} {version}: {cause}"),
        }
    }
}
