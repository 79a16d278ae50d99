//! The handle on a database of one's own: start, address, revive, stop.
//!
//! Promises: whoever holds it owns the database; dropping it asks the database to stop, and
//! [`Embedded::stop`] also waits until it has.
//! Does not: watch the database in the background; [`Embedded::revive`] is called by the owner.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::connect::{Access, Server};
use crate::error::EmbeddedError;
use crate::launch::Launch;
use crate::lock::FolderLock;
use crate::options::EmbeddedOptions;
use crate::postmaster::Postmaster;
use crate::process::ProcessId;
use crate::state::State;
use crate::user::RunAs;
use crate::{orphan, place, stop};

/// How often a server is looked at that is to be kept alive.
const LOOK: Duration = Duration::from_millis(500);

/// A PostgreSQL that this process owns.
pub struct Embedded {
    launch: Launch,
    wanted_dir_was_closed: bool,
    postmaster: Option<Postmaster>,
    access: Access,
    server: Server,
    url: String,
}

/// A PostgreSQL that was left running without an owner process; see [`Embedded::detach`].
#[derive(Clone)]
#[non_exhaustive]
pub struct Detached {
    /// Address with password.
    pub url: String,
    /// Process id of the server.
    pub pid: u32,
}

impl Embedded {
    /// Starts the database of a folder, creating it on first use, or takes over the one that a
    /// crashed owner left running.
    ///
    /// # Errors
    /// [`EmbeddedError::AlreadyRunning`] when a live process owns it,
    /// [`EmbeddedError::NoPostgres`] or [`EmbeddedError::BadBinDir`] when there are no binaries,
    /// [`EmbeddedError::VersionMismatch`] when the data needs other binaries, and the rest when a
    /// step fails.
    pub async fn start(options: EmbeddedOptions) -> Result<Self, EmbeddedError> {
        let (layout, user) = place::resolve(&options.data_dir, RunAs::choose()?)?;
        place::create(&layout)?;
        let wanted_dir_was_closed = place::is_fallback(&layout);
        let lock = Arc::new(FolderLock::take(&layout).await?);
        let launch = Launch {
            layout,
            options,
            user,
            _lock: lock,
        };
        let (postmaster, access, server) =
            match orphan::settle(&launch.layout, &launch.options).await? {
                Some(adopted) => adopted,
                None => launch.run(None).await?,
            };
        access.ensure_database().await?;
        let url = access.url();
        let postmaster = Some(postmaster);
        let this = Self {
            launch,
            wanted_dir_was_closed,
            postmaster,
            access,
            server,
            url,
        };
        this.write_state(ProcessId::current())?;
        Ok(this)
    }

    /// `postgres://user:password@127.0.0.1:port/ingesta`; do not log it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.access.port
    }

    /// The server's version, as in `15.18`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.server.version
    }

    /// Process id of the server.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.postmaster
            .as_ref()
            .map(|postmaster| postmaster.id().pid)
    }

    /// The folder that holds the data.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        self.launch.layout.root()
    }

    /// The folder that holds the data, when it is not the one that was asked for because the user
    /// that runs PostgreSQL may not enter that one; worth telling the operator.
    #[must_use]
    pub fn moved_to(&self) -> Option<&Path> {
        self.wanted_dir_was_closed.then(|| self.data_dir())
    }

    /// The user that root runs PostgreSQL as.
    #[must_use]
    pub fn runs_as(&self) -> Option<&str> {
        self.launch.user.as_ref().map(|user| user.name.as_str())
    }

    /// Starts the server again if it has died; answers whether it had. The address stays the same
    /// unless its port was taken meanwhile, so read [`Embedded::url`] again.
    ///
    /// # Errors
    /// As [`Embedded::start`]; it may be called again.
    pub async fn revive(&mut self) -> Result<bool, EmbeddedError> {
        if self.postmaster.as_mut().is_some_and(Postmaster::is_alive) {
            return Ok(false);
        }
        self.postmaster = None;
        State::remove(&self.launch.layout);
        orphan::clear_remains(&self.launch.layout).await?;
        let (postmaster, access, server) = self.launch.run(Some(self.access.port)).await?;
        self.postmaster = Some(postmaster);
        self.url = access.url();
        self.access = access;
        self.server = server;
        self.write_state(ProcessId::current())?;
        Ok(true)
    }

    /// Looks twice a second, and starts the server again whenever it has died; a start that fails is
    /// logged and tried again. Ends only where that cannot help: the server came back on another
    /// port, so who has connections must connect anew.
    pub async fn keep_alive(&mut self) {
        let url = self.url.clone();
        loop {
            tokio::time::sleep(LOOK).await;
            match self.revive().await {
                Ok(false) => {}
                Ok(true) if self.url == url => {
                    tracing::warn!("PostgreSQL had died and was started again");
                }
                Ok(true) => return,
                Err(error) => tracing::error!(%error, "PostgreSQL died and does not start again"),
            }
        }
    }

    /// Stops the server: orderly, then at once, within bounds. The data stays.
    ///
    /// # Errors
    /// [`EmbeddedError::StillRunning`] when it survives every signal.
    pub async fn stop(mut self) -> Result<(), EmbeddedError> {
        if let Some(mut postmaster) = self.postmaster.take() {
            stop::stop(&mut postmaster, self.launch.options.stop_timeout).await?;
        }
        State::remove(&self.launch.layout);
        Ok(())
    }

    /// Leaves the server running when this process ends; [`crate::stop_detached`] stops it.
    /// For throw-away servers that several processes share.
    ///
    /// # Errors
    /// When the state file cannot be written; the server is stopped then.
    pub fn detach(mut self) -> Result<Detached, EmbeddedError> {
        // It owns itself from now on: as long as it lives, a start on its folder is refused.
        let owner = self
            .postmaster
            .as_ref()
            .map_or_else(ProcessId::current, Postmaster::id);
        self.write_state(owner)?;
        if let Some(postmaster) = self.postmaster.take() {
            postmaster.abandon();
        }
        Ok(Detached {
            url: self.url.clone(),
            pid: owner.pid,
        })
    }

    fn write_state(&self, owner: ProcessId) -> Result<(), EmbeddedError> {
        let Some(postmaster) = &self.postmaster else {
            return Ok(());
        };
        let state = State {
            postgres: postmaster.id(),
            owner,
            port: self.access.port,
            url: self.url.clone(),
            version: self.server.version.clone(),
        };
        state.write(&self.launch.layout)
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // The postmaster's own drop asks it to stop.
        if self.postmaster.take().is_some() {
            State::remove(&self.launch.layout);
        }
    }
}

/// Without the address, which holds the password.
impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded")
            .field("data_dir", &self.data_dir())
            .field("port", &self.port())
            .field("version", &self.version())
            .finish_non_exhaustive()
    }
}

/// Without the address, which holds the password.
impl fmt::Debug for Detached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detached")
            .field("pid", &self.pid)
            .finish_non_exhaustive()
    }
}
