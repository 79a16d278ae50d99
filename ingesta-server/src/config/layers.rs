//! The layers, each laid over the ones before it: defaults, file, environment, flags.
//!
//! Promises: an empty environment variable counts as unset; an unknown key is named together with
//! the nearest known one; the text of a file is never quoted in an error.
//! Does not: look at what a value means; that is `read`.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::Path;

use figment::Figment;
use figment::providers::{Format, Toml};
use figment::value::Value;

use super::ConfigError;
use super::address::DatabaseAddress;
use super::kafka;
use super::key::{KEYS, Key, OTHER_VARIABLES, TEST_PREFIX, named};
use super::nearest::nearest;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Built in.
    Default,
    /// The file of this name.
    File(String),
    /// The environment variable of this name.
    Variable(&'static str),
    /// The flag of this name.
    Flag(&'static str),
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {path}"),
            Self::Variable(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag --{}", name.replace('_', "-")),
        }
    }
}

/// A value as text, and its source.
#[derive(Clone, PartialEq, Eq)]
pub struct Setting {
    /// The value.
    pub value: String,
    /// Where it came from.
    pub source: Source,
}

impl Setting {
    pub(super) fn masked(mut self, key: &Key) -> Self {
        if key.secret {
            self.value = match key.name {
                "database_url" => DatabaseAddress::new(&self.value).to_string(),
                _ => kafka::masked(&self.value),
            };
        }
        self
    }
}

/// Without the value: it may hold a password.
impl std::fmt::Debug for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setting")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// The layers laid so far.
#[derive(Clone, Debug)]
pub struct Layers {
    settings: BTreeMap<&'static str, Setting>,
}

impl Layers {
    /// Only the defaults.
    #[must_use]
    pub fn defaults() -> Self {
        let built_in = |key: &Key| {
            let value = key.default?.to_owned();
            Some((
                key.name,
                Setting {
                    value,
                    source: Source::Default,
                },
            ))
        };
        Self {
            settings: KEYS.iter().filter_map(built_in).collect(),
        }
    }

    /// Lays a TOML file over what is there.
    ///
    /// # Errors
    /// When it cannot be read, is not TOML, or holds an unknown key.
    pub fn file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::FileAway {
            path: shown.clone(),
            source,
        })?;
        let entries: HashMap<String, Value> = Figment::from(Toml::string(&text))
            .extract()
            .map_err(|error| {
                // Further lines of the parser's text quote the file, which may hold a password.
                let place = error
                    .to_string()
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .to_owned();
                let place = if place.starts_with("TOML parse error") {
                    place
                } else {
                    "not TOML".to_owned()
                };
                ConfigError::FileMalformed {
                    path: shown.clone(),
                    place,
                }
            })?;
        for (name, value) in entries {
            let Some(key) = named(&name) else {
                let nearest = nearest(&name, KEYS.iter().map(|key| key.name));
                return Err(ConfigError::UnknownFileKey {
                    name,
                    path: shown,
                    nearest,
                });
            };
            let source = Source::File(shown.clone());
            let Some(value) = scalar(&value) else {
                let expected = "a text or a number";
                return Err(ConfigError::BadValue {
                    key: key.name,
                    source_of: source,
                    expected,
                });
            };
            self.settings.insert(key.name, Setting { value, source });
        }
        Ok(())
    }

    /// Lays environment variables over what is there; those that are not ours are passed over.
    ///
    /// # Errors
    /// When an `INGESTA_*` variable is unknown, or a value is not UTF-8.
    pub fn environment(
        &mut self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<(), ConfigError> {
        let mut ours = BTreeMap::new();
        for (name, value) in variables {
            let Some(name) = name.to_str() else { continue };
            let known = KEYS
                .iter()
                .flat_map(|key| key.variables)
                .find(|known| **known == name);
            match known {
                Some(known) => {
                    let expected = "UTF-8 text";
                    let value = value.into_string().map_err(|_| ConfigError::BadValue {
                        key: known,
                        source_of: Source::Variable(known),
                        expected,
                    })?;
                    ours.insert(*known, value);
                }
                None => check_foreign(name)?,
            }
        }
        for key in KEYS {
            // The most specific variable that says something.
            let said = key.variables.iter().find_map(|variable| {
                let value = ours.get(*variable).filter(|value| !value.is_empty())?;
                let source = Source::Variable(variable);
                Some(Setting {
                    value: value.clone(),
                    source,
                })
            });
            if let Some(setting) = said {
                self.settings.insert(key.name, setting);
            }
        }
        Ok(())
    }

    /// Lays flags over what is there.
    pub fn flags(&mut self, flags: impl IntoIterator<Item = (&'static str, Option<String>)>) {
        for (name, value) in flags {
            if let Some(value) = value {
                self.settings.insert(
                    name,
                    Setting {
                        value,
                        source: Source::Flag(name),
                    },
                );
            }
        }
    }

    /// The topmost value of a key.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.settings.get(name)
    }
}

fn check_foreign(name: &str) -> Result<(), ConfigError> {
    let ours = name.starts_with("INGESTA_");
    if !ours || name.starts_with(TEST_PREFIX) || OTHER_VARIABLES.contains(&name) {
        return Ok(());
    }
    let known = KEYS
        .iter()
        .flat_map(|key| key.variables)
        .chain(OTHER_VARIABLES)
        .copied();
    Err(ConfigError::UnknownVariable {
        name: name.to_owned(),
        nearest: nearest(name, known),
    })
}

fn scalar(value: &Value) -> Option<String> {
    let number = || value.to_i128().map(|number| number.to_string());
    value.as_str().map(str::to_owned).or_else(number)
}
