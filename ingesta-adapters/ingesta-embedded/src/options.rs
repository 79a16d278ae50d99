//! What a caller may choose: where the data lives, how durable it is, where binaries are sought.
//!
//! Promises: the defaults are the safe ones (fsync on, the documented search order).
//! Does not: read `DATABASE_URL`; whoever has one needs no database of their own.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Whether a commit survives a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// `fsync = on`: an acknowledged commit is on disk.
    #[default]
    Durable,
    /// `fsync = off`, for throw-away data only: survives a killed process, not a power cut.
    Fast,
}

/// How to start a database; begin with [`EmbeddedOptions::new`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EmbeddedOptions {
    /// Folder of the data, made when missing.
    pub data_dir: PathBuf,
    /// Whether a commit survives a power cut; [`Durability::Durable`] by default.
    pub durability: Durability,
    /// Connections that PostgreSQL accepts, 100 by default.
    pub max_connections: u16,
    /// How long to wait for the first answer, recovery after a crash included; 120 s by default.
    pub start_timeout: Duration,
    /// How long an orderly stop may take before it becomes an immediate one; 15 s by default.
    pub stop_timeout: Duration,
    /// Where binaries are sought.
    pub search: BinarySearch,
}

impl EmbeddedOptions {
    /// A durable database in this folder, with binaries sought as the environment says.
    ///
    /// ```
    /// use ingesta_embedded::{Durability, EmbeddedOptions};
    ///
    /// let options = EmbeddedOptions::new(".ingesta");
    /// assert_eq!(options.durability, Durability::Durable);
    /// ```
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            durability: Durability::Durable,
            max_connections: 100,
            start_timeout: Duration::from_secs(120),
            stop_timeout: Duration::from_secs(15),
            search: BinarySearch::from_env(),
        }
    }
}

/// Where binaries are sought, in this order: `bin_dir`, `path`, `system_roots`, npm.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BinarySearch {
    /// `INGESTA_PG_BIN`: when set, the only place.
    pub bin_dir: Option<PathBuf>,
    /// `PATH`; npm is sought there too.
    pub path: Option<OsString>,
    /// Folders that hold one installation per major version, with the prefix of those entries:
    /// `("/usr/lib/postgresql", "")` finds `/usr/lib/postgresql/17/bin`.
    pub system_roots: Vec<(PathBuf, String)>,
    /// Where npm's package is kept; `None` never asks npm.
    pub npm_cache: Option<PathBuf>,
}

impl BinarySearch {
    /// The search that the environment describes.
    ///
    /// Root keeps the package in `/var/cache/ingesta`, because the user that runs PostgreSQL
    /// cannot read root's home; others in `$XDG_CACHE_HOME` or `~/.cache`.
    #[must_use]
    pub fn from_env() -> Self {
        let roots = [
            ("/usr/lib/postgresql", ""),
            ("/usr", "pgsql-"),
            ("/opt/homebrew/opt", "postgresql@"),
            ("/usr/local/opt", "postgresql@"),
        ];
        Self {
            bin_dir: std::env::var_os("INGESTA_PG_BIN")
                .filter(|v| !v.is_empty())
                .map(Into::into),
            path: std::env::var_os("PATH"),
            system_roots: roots
                .iter()
                .map(|(dir, prefix)| (dir.into(), (*prefix).into()))
                .collect(),
            npm_cache: default_cache(),
        }
    }
}

fn default_cache() -> Option<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Some("/var/cache/ingesta/postgres".into());
    }
    let absolute = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("ingesta/postgres"))
}
