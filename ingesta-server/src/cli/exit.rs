//! How a command ends: its exit codes, and the error behind a bad one.
//!
//! Promises: the codes are those of `--help`, for ever; a cause is shown only where it cannot hold
//! somebody's data (a database's refusal of a statement can, and stays out).
//! Does not: print; `main` does.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use ingesta_embedded::EmbeddedError;
use ingesta_event_store::{AsOfError, StoreError};
use ingesta_kafka::connect::KafkaError;
use ingesta_kafka::schema::RegistryError;
use ingesta_projections::{RebuildError, RowAsOfError};

use crate::AppError;
use crate::config::ConfigError;
use crate::telemetry::TelemetryError;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// Failed.
    Failed = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// Some rows were refused, the others are in.
    Partly = 3,
    /// The database, the broker, the schema registry or the server is away.
    Unavailable = 4,
    /// `doctor` or `schemas check` found something wrong.
    Findings = 5,
    /// A view is not a fold of the log.
    Differs = 6,
    /// A signal stopped it; the same rebuild goes on where it stopped.
    Interrupted = 7,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "{address} is in use by another program: choose another with `--listen`, \
         as in `--listen 127.0.0.1:0` for a free one"
    )]
    AddressInUse { address: SocketAddr },
    #[error(transparent)]
    App(AppError),
    #[error("the server ended by itself; its log says why")]
    Ended,
    #[error("the embedded PostgreSQL died and its port is taken: start again")]
    Moved,
    #[error(
        "the database has no schema of this program yet: run `ingesta migrate` or add `--migrate`"
    )]
    NotMigrated(#[source] StoreError),
    #[error(
        "no database: DATABASE_URL is not set, and no server runs on the data folder {}; \
         start one with `ingesta serve`", data_dir.display()
    )]
    NoDatabase { data_dir: PathBuf },
    #[error("could not read {path}")]
    Read {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("the server at {url} is away: {reason}")]
    ServerAway { url: String, reason: String },
    #[error(transparent)]
    Kafka(#[from] KafkaError),
    #[error("{url} does not answer as an Ingesta server: {reason}")]
    NotIngesta { url: String, reason: String },
    #[error("{0}")]
    Failed(String),
    #[error("stopped by a signal")]
    Interrupted,
    #[error("stopped by a signal; the same command goes on where this one stopped")]
    Resumable,
    #[error("stopped by a signal; nothing was changed, and the same command begins anew")]
    Stopped,
    #[error(transparent)]
    Rebuild(RebuildError),
    #[error("{0}: `ingesta projections rebuild` makes it anew from the log")]
    NoTable(RebuildError),
    #[error(transparent)]
    Past(AsOfError),
    #[error(transparent)]
    PastRow(RowAsOfError),
    #[error(transparent)]
    Registry(RegistryError),
    #[error("could not {attempted}")]
    System {
        attempted: &'static str,
        #[source]
        source: std::io::Error,
    },
}

impl CliError {
    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Config(_) | Self::Telemetry(_) | Self::Usage(_) => Exit::Usage,
            Self::Store(StoreError::Refused { attempted, .. }) if *attempted == ADDRESS => {
                Exit::Usage
            }
            Self::Store(error) | Self::App(AppError::Database(error)) if error.is_transient() => {
                Exit::Unavailable
            }
            Self::Rebuild(RebuildError::Store(error)) if error.is_transient() => Exit::Unavailable,
            Self::Registry(RegistryError::Address { .. }) => Exit::Usage,
            Self::Registry(error) if error.is_transient() => Exit::Unavailable,
            Self::Kafka(KafkaError::Settings { .. }) => Exit::Usage,
            Self::Kafka(
                KafkaError::Unreachable { .. }
                | KafkaError::Busy { .. }
                | KafkaError::NotAuthenticated { .. }
                | KafkaError::NotTrusted { .. },
            ) => Exit::Unavailable,
            Self::NoDatabase { .. } | Self::ServerAway { .. } => Exit::Unavailable,
            Self::Resumable | Self::Stopped => Exit::Interrupted,
            Self::Rebuild(RebuildError::Unusable { .. }) => Exit::Usage,
            Self::Store(_)
            | Self::App(_)
            | Self::Kafka(_)
            | Self::Embedded(_)
            | Self::AddressInUse { .. }
            | Self::Ended
            | Self::Moved
            | Self::NotMigrated(_)
            | Self::Read { .. }
            | Self::NotIngesta { .. }
            | Self::Failed(_)
            | Self::Interrupted
            | Self::Rebuild(_)
            | Self::NoTable(_)
            | Self::Past(_)
            | Self::PastRow(_)
            | Self::Registry(_)
            | Self::System { .. } => Exit::Failed,
        }
    }

    /// The causes, outermost first, as far as they may be shown.
    pub(crate) fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut next = self.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            // A transparent error says what its cause says.
            if causes.last() != Some(&text) {
                causes.push(text);
            }
            next = if is_private(cause) {
                None
            } else {
                cause.source()
            };
        }
        if matches!(self, Self::Store(error) if keeps_private(error)) {
            causes.clear();
        }
        causes
    }
}

impl From<AppError> for CliError {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Listen { listen, cause } if cause.kind() == std::io::ErrorKind::AddrInUse => {
                Self::AddressInUse { address: listen }
            }
            AppError::Database(error @ StoreError::SchemaTooOld { .. }) => Self::NotMigrated(error),
            AppError::Database(error) => Self::Store(error),
            error @ (AppError::Listen { .. }
            | AppError::OpenToAll { .. }
            | AppError::Access(_)
            | AppError::Origin
            | AppError::Broker(_)
            | AppError::NoSagaTopics
            | AppError::Routes(_)) => Self::App(error),
        }
    }
}

impl From<AsOfError> for CliError {
    fn from(error: AsOfError) -> Self {
        if let AsOfError::Store(error) = error {
            return Self::Store(error);
        }
        Self::Past(error)
    }
}

impl From<RowAsOfError> for CliError {
    fn from(error: RowAsOfError) -> Self {
        if let RowAsOfError::AsOf(error) = error {
            return error.into();
        }
        Self::PastRow(error)
    }
}

impl From<RebuildError> for CliError {
    fn from(error: RebuildError) -> Self {
        if matches!(error, RebuildError::Cancelled) {
            return Self::Resumable;
        }
        if matches!(error, RebuildError::NoTable { .. }) {
            return Self::NoTable(error);
        }
        Self::Rebuild(error)
    }
}

fn is_private(error: &(dyn Error + 'static)) -> bool {
    error
        .downcast_ref::<StoreError>()
        .is_some_and(keeps_private)
}

/// A refused statement's text can quote a row. A refused connection holds nobody's data.
fn keeps_private(error: &StoreError) -> bool {
    matches!(error, StoreError::Refused { attempted, .. } if !HARMLESS.contains(attempted))
}

/// What the store says that it attempted when an address could not be read.
const ADDRESS: &str = "reading the database address";
const HARMLESS: &[&str] = &["connecting", ADDRESS];
