//! The configuration: one typed struct, put together from four layers.
//!
//! Promises: defaults < file < environment < flags; every value knows where it came from; an
//! unknown key in the file or an unknown `INGESTA_*` variable is an error that names it; a password
//! is never printed and never part of an error.
//! Does not: read anything after the start, or know what the values are used for.

mod acceso;
mod address;
mod error;
mod http;
mod kafka;
mod key;
mod layers;
mod nearest;
mod read;
mod saga;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use address::DatabaseAddress;
pub use error::ConfigError;
pub use key::{KEYS, Key};
pub use layers::{Layers, Setting, Source};

use ingesta_domain::saga::Plan;

use crate::acceso::Acceso;
use crate::app::{Follow, HttpLimits, Messaging};

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people; coloured on a terminal.
    Text,
    /// One JSON object per line.
    Json,
}

/// A key, whose text is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// Its text, for the header of a request.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(..)")
    }
}

/// Everything that can be set, and where each value came from.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where HTTP is served; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The folder of the embedded database.
    pub data_dir: PathBuf,
    /// A database that somebody else runs; without it the embedded one is used.
    pub database_url: Option<DatabaseAddress>,
    /// Connections to the database at most, 1 to 1,000.
    pub database_connections: u32,
    /// What is logged, as in `info,sqlx=warn`.
    pub log: String,
    /// How it is logged.
    pub log_format: LogFormat,
    /// Who may come in; `None`: everybody on this machine may do everything.
    pub acceso: Option<Acceso>,
    /// What the command line shows to a server that asks who comes.
    pub api_key: Option<ApiKey>,
    /// What HTTP clients may cost.
    pub http: HttpLimits,
    /// How long a stop may take before what still runs is cut off.
    pub shutdown_grace: Duration,
    /// How long a read waits for the position it was asked for.
    pub read_wait: Duration,
    /// How far behind a subscription may be before the server is not ready.
    pub lag_alarm: Duration,
    /// Which subscriptions this process advances.
    pub follow: Follow,
    /// The broker and how messages are, where a broker is given.
    pub messaging: Option<Messaging>,
    /// How patient sagas are, where they are wanted.
    pub saga: Option<Plan>,
    settings: Vec<(&'static Key, Option<Setting>)>,
}

impl Config {
    /// Reads the layers.
    ///
    /// # Errors
    /// [`ConfigError`] when a layer holds an unknown key or a value that cannot be used.
    ///
    /// ```
    /// use ingesta_server::config::{Config, Layers};
    ///
    /// let mut layers = Layers::defaults();
    /// layers.environment([("INGESTA_LISTEN".into(), "127.0.0.1:8080".into())])?;
    /// assert_eq!(Config::from_layers(&layers)?.listen.port(), 8080);
    ///
    /// let unknown = layers.environment([("INGESTA_LISTEM".into(), "127.0.0.1:1".into())]);
    /// assert!(unknown.unwrap_err().to_string().contains("INGESTA_LISTEN"));
    /// # Ok::<(), ingesta_server::config::ConfigError>(())
    /// ```
    pub fn from_layers(layers: &Layers) -> Result<Self, ConfigError> {
        read::config(layers)
    }

    /// Every key with its value and source, in the order of [`KEYS`]; secrets are masked.
    pub fn settings(&self) -> impl Iterator<Item = (&'static Key, Option<Setting>)> + '_ {
        self.settings.iter().map(|(key, setting)| {
            let masked = setting.clone().map(|setting| setting.masked(key));
            (*key, masked)
        })
    }

    /// Whether somebody chose this key's value; false for a default.
    #[must_use]
    pub fn is_chosen(&self, name: &str) -> bool {
        let chosen = |setting: &Option<Setting>| {
            setting
                .as_ref()
                .is_some_and(|setting| setting.source != Source::Default)
        };
        self.settings
            .iter()
            .any(|(key, setting)| key.name == name && chosen(setting))
    }
}
