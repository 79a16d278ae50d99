//! Starts `postgres` on a prepared cluster and waits until it answers.
//!
//! Promises: 127.0.0.1 only, no Unix socket, a free port; a port that was taken meanwhile and the
//! remains of a killed server are retried, within bounds; a failure carries the log's last lines.
//! Does not: log statements or values: they may hold personal data.

use std::fs::{File, OpenOptions};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::command;
use crate::connect::{Access, Server, is_refused_login};
use crate::error::{EmbeddedError, io};
use crate::initdb::{plain_surroundings, prepare};
use crate::layout::Layout;
use crate::locate::{Binaries, locate};
use crate::lock::FolderLock;
use crate::options::{Durability, EmbeddedOptions};
use crate::postmaster::Postmaster;
use crate::user::{RunAs, drop_to, give_to_folders_owner};

const ATTEMPTS: u32 = 40;
const ROTATE_AT: u64 = 1024 * 1024;

/// Everything that a start needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    pub(crate) layout: Layout,
    pub(crate) options: EmbeddedOptions,
    pub(crate) user: Option<RunAs>,
    /// Kept while a blocking step runs, even when the caller has given up waiting for it.
    pub(crate) _lock: Arc<FolderLock>,
}

impl Launch {
    /// Finds binaries, makes a cluster when there is none, and starts it, on this port if given.
    pub(crate) async fn run(
        &self,
        port: Option<u16>,
    ) -> Result<(Postmaster, Access, Server), EmbeddedError> {
        let this = self.clone();
        let prepared = tokio::task::spawn_blocking(move || this.prepare()).await;
        let (binaries, password) =
            prepared.map_err(|error| EmbeddedError::Interrupted(error.into()))??;
        let deadline = Instant::now() + self.options.start_timeout;
        for attempt in 1.. {
            // The wanted port may be taken by now; then any other is better than none.
            let port = match port {
                Some(port) if attempt <= 3 => port,
                _ => free_port(&self.layout)?,
            };
            let access = Access {
                port,
                password: password.clone(),
            };
            let log_start = self.log_size();
            let mut postmaster = self.spawn(&binaries, port)?;
            match self
                .wait(&mut postmaster, &access, deadline, log_start)
                .await
            {
                Ok(server) => return Ok((postmaster, access, server)),
                Err(error) if attempt < ATTEMPTS && is_passing(&error) => {
                    tokio::time::sleep(Duration::from_millis(250)).await;
                }
                Err(error) => return Err(error),
            }
        }
        unreachable!("the loop ends by returning")
    }

    fn prepare(&self) -> Result<(Binaries, String), EmbeddedError> {
        let user = self.user.as_ref();
        let data = self
            .layout
            .cluster_major()
            .map(|major| (self.layout.root(), major));
        let binaries = locate(&self.options.search, user, data)?;
        let password = prepare(&self.layout, &binaries, user)?;
        Ok((binaries, password))
    }

    fn spawn(&self, binaries: &Binaries, port: u16) -> Result<Postmaster, EmbeddedError> {
        let log = self.open_log()?;
        let also = log.try_clone().map_err(io("open", self.layout.log()))?;
        let program = binaries.program("postgres");
        let mut command = Command::new(&program);
        command.arg("-D").arg(self.layout.cluster());
        for setting in self.settings(port) {
            command.arg("-c").arg(setting);
        }
        plain_surroundings(&mut command, &self.layout);
        drop_to(&mut command, self.user.as_ref());
        // Its own group: Ctrl-C in the terminal is for us, who stop it when we are done with it.
        command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(also);
        command
            .spawn()
            .map(Postmaster::started)
            .map_err(io("run", program))
    }

    fn settings(&self, port: u16) -> Vec<String> {
        let fsync = match self.options.durability {
            Durability::Durable => "on",
            Durability::Fast => "off",
        };
        vec![
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={port}"),
            "unix_socket_directories=".to_owned(),
            format!("fsync={fsync}"),
            format!("max_connections={}", self.options.max_connections),
            // A session that hangs in a transaction holds back every reader of the log.
            "idle_in_transaction_session_timeout=10s".to_owned(),
            // Errors are answered to whoever caused them; here they would quote values.
            "log_min_messages=log".to_owned(),
            "log_min_error_statement=panic".to_owned(),
            "log_error_verbosity=terse".to_owned(),
            "log_checkpoints=off".to_owned(),
            "log_statement=none".to_owned(),
            // Somebody may have slow statements logged for a while: what is bound to them stays out.
            "log_parameter_max_length=0".to_owned(),
            "log_parameter_max_length_on_error=0".to_owned(),
            "logging_collector=off".to_owned(),
            "log_destination=stderr".to_owned(),
        ]
    }

    async fn wait(
        &self,
        postmaster: &mut Postmaster,
        access: &Access,
        deadline: Instant,
        log_start: u64,
    ) -> Result<Server, EmbeddedError> {
        let cluster = self.layout.cluster();
        loop {
            let answer = access.ask(&cluster).await;
            let alive = postmaster.is_alive();
            let source = match answer {
                Ok(server) => return Ok(server),
                Err(source) if alive && is_refused_login(&source) => {
                    return Err(EmbeddedError::Sql {
                        action: "log in",
                        source: source.into(),
                    });
                }
                Err(source) => source,
            };
            let log = || command::tail(&self.layout.log(), log_start);
            if !alive {
                return Err(EmbeddedError::Program {
                    program: "postgres",
                    detail: log(),
                });
            }
            if Instant::now() >= deadline {
                let seconds = self.options.start_timeout.as_secs();
                return Err(EmbeddedError::NotReady {
                    seconds,
                    log: log(),
                    source: Some(source.into()),
                });
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Little is ever logged, so turning the file over at a start is enough.
    fn open_log(&self) -> Result<File, EmbeddedError> {
        let path = self.layout.log();
        if self.log_size() > ROTATE_AT {
            let older = path.with_extension("log.1");
            std::fs::rename(&path, &older).map_err(io("rename", &path))?;
        }
        let options = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path);
        let file = options.map_err(io("open", &path))?;
        give_to_folders_owner(&path, self.layout.root())?;
        Ok(file)
    }

    fn log_size(&self) -> u64 {
        std::fs::metadata(self.layout.log()).map_or(0, |meta| meta.len())
    }
}

/// Another process took the port between our look and PostgreSQL's, or a killed server's shared
/// memory is not released yet.
fn is_passing(error: &EmbeddedError) -> bool {
    let EmbeddedError::Program { detail, .. } = error else {
        return false;
    };
    [
        "could not create any TCP/IP sockets",
        "shared memory block",
        "lock file \"postmaster.pid\"",
    ]
    .iter()
    .any(|sign| detail.contains(sign))
}

fn free_port(layout: &Layout) -> Result<u16, EmbeddedError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(io("find a free port for", layout.root()))
}
