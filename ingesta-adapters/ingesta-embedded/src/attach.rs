//! For processes that want the database of somebody else: attach to it, or stop a detached one.
//!
//! Promises: what is attached to has a live owner and answers.
//! Does not: start anything.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::connect::Access;
use crate::error::EmbeddedError;
use crate::initdb::read_password;
use crate::layout::Layout;
use crate::place;
use crate::postmaster::Postmaster;
use crate::state::State;
use crate::stop;
use crate::user::RunAs;

/// A database that another process owns. It goes away when its owner stops it.
#[derive(Clone)]
#[non_exhaustive]
pub struct Attached {
    /// Address with password.
    pub url: String,
    /// Process id of the owner.
    pub owner_pid: u32,
    /// Process id of the server.
    pub pid: u32,
    /// The server's version, as in `15.18`.
    pub version: String,
    /// The folder that really holds the data.
    pub data_dir: PathBuf,
}

/// Finds the running database of a folder; `None` when none runs there, or its owner is dead.
///
/// # Errors
/// [`EmbeddedError::Io`] when the state file may not be read (another user's), and
/// [`EmbeddedError::Sql`] when the database is there but does not answer.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let nowhere = std::env::temp_dir().join("no-database-was-ever-here");
/// assert!(ingesta_embedded::attach(&nowhere).await.unwrap().is_none());
/// # });
/// ```
pub async fn attach(data_dir: &Path) -> Result<Option<Attached>, EmbeddedError> {
    let Some((layout, state)) = live_state(data_dir)? else {
        return Ok(None);
    };
    let access = Access {
        port: state.port,
        password: read_password(&layout)?,
    };
    access
        .ask(&layout.cluster())
        .await
        .map_err(|source| EmbeddedError::Sql {
            action: "ask for the version",
            source: source.into(),
        })?;
    Ok(Some(Attached {
        url: state.url,
        owner_pid: state.owner.pid,
        pid: state.postgres.pid,
        version: state.version,
        data_dir: layout.root().to_owned(),
    }))
}

/// Stops a server that was left running with [`crate::Embedded::detach`]; answers whether there
/// was one.
///
/// # Errors
/// [`EmbeddedError::AlreadyRunning`] when another process owns it, and
/// [`EmbeddedError::StillRunning`] when it survives every signal.
pub async fn stop_detached(data_dir: &Path) -> Result<bool, EmbeddedError> {
    let Some((layout, state)) = live_state(data_dir)? else {
        return Ok(false);
    };
    if state.owner != state.postgres {
        let owner_pid = Some(state.owner.pid);
        return Err(EmbeddedError::AlreadyRunning {
            dir: layout.root().to_owned(),
            owner_pid,
        });
    }
    let mut postmaster = Postmaster::found(state.postgres);
    stop::stop(&mut postmaster, Duration::from_secs(15)).await?;
    State::remove(&layout);
    Ok(true)
}

fn live_state(data_dir: &Path) -> Result<Option<(Layout, State)>, EmbeddedError> {
    let (layout, _) = place::resolve(data_dir, RunAs::choose()?)?;
    let state = State::read(&layout)?;
    let live = state.filter(|state| state.owner.is_alive() && state.postgres.is_alive());
    Ok(live.map(|state| (layout, state)))
}

/// Without the address, which holds the password.
impl fmt::Debug for Attached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attached")
            .field("owner_pid", &self.owner_pid)
            .field("pid", &self.pid)
            .finish_non_exhaustive()
    }
}
