//! The `ingesta` server of a run: a process of its own on a free port.
//!
//! Promises: it is ready when [`Server::start`] answers; it is gone when the handle is dropped.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

const PATIENCE: Duration = Duration::from_secs(60);

/// A server process that may die at any time.
pub struct Server {
    child: Child,
    url: String,
}

/// How servers of a run are started, again and again.
#[derive(Clone, Debug)]
pub struct Launch {
    binary: PathBuf,
    database: String,
    brokers: Option<String>,
    log: PathBuf,
}

impl Launch {
    /// The same, beside these brokers.
    #[must_use]
    pub fn beside(mut self, brokers: &str) -> Self {
        self.brokers = Some(brokers.to_owned());
        self
    }
}

#[derive(Deserialize)]
struct Ready {
    url: String,
}

impl Server {
    /// Servers of this binary on this database, whose logs go to this file.
    #[must_use]
    pub fn launch(binary: &Path, database: &str, log: &Path) -> Launch {
        let (binary, log) = (binary.to_owned(), log.to_owned());
        Launch {
            binary,
            database: database.to_owned(),
            brokers: None,
            log,
        }
    }

    /// Starts one and waits until it says where it listens.
    ///
    /// # Errors
    /// When it ends, or says nothing for a minute.
    pub async fn start(launch: &Launch) -> anyhow::Result<Self> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&launch.log)?;
        let mut command = Command::new(&launch.binary);
        command.args(["serve", "--listen", "127.0.0.1:0", "--json", "--migrate"]);
        // What configures the caller's own server is not for this one.
        for (name, _) in std::env::vars_os() {
            let own = name
                .to_str()
                .is_some_and(|it| it.starts_with("INGESTA_") || it == "KAFKA_BROKERS");
            if own && name != "INGESTA_PG_BIN" {
                command.env_remove(name);
            }
        }
        command.env("DATABASE_URL", &launch.database);
        if let Some(brokers) = &launch.brokers {
            command.env("KAFKA_BROKERS", brokers);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        let mut child = command.spawn().context("start the server")?;
        let stdout = child.stdout.take();
        // From here on the handle ends the process, whatever happens.
        let mut server = Self {
            child,
            url: String::new(),
        };
        let first = tokio::task::spawn_blocking(move || first_line(stdout));
        let line = tokio::time::timeout(PATIENCE, first)
            .await
            .context("the server is silent")???;
        let ready: Result<Ready, _> = serde_json::from_str(&line);
        let Ok(ready) = ready else {
            bail!("the server did not start, see {}", launch.log.display());
        };
        server.url = ready.url;
        Ok(server)
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Bytes of memory that it holds now.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resident_bytes(&self) -> anyhow::Result<u64> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).context("look at the server's memory")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        Ok(kilobytes.context("the server has no memory any more")? * 1024)
    }

    /// Files and connections that it has open now.
    ///
    /// # Errors
    /// When it has ended.
    pub fn open_files(&self) -> anyhow::Result<u64> {
        let path = format!("/proc/{}/fd", self.child.id());
        let open = std::fs::read_dir(path).context("look at the server's files")?;
        Ok(open.count() as u64)
    }

    /// Kills it.
    ///
    /// # Errors
    /// When it had ended by itself, which no fault of a run should bring about.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.alive()?;
        self.child.kill().context("kill the server")?;
        self.child.wait().context("wait for the killed server")?;
        Ok(())
    }

    /// Makes sure that it runs.
    ///
    /// # Errors
    /// When it has ended.
    pub fn alive(&mut self) -> anyhow::Result<()> {
        let ended = self.child.try_wait().context("look at the server")?;
        ensure!(ended.is_none(), "the server ended by itself: {ended:?}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first line; what comes later is read and thrown away, so that the server is never held up.
fn first_line(stdout: Option<ChildStdout>) -> anyhow::Result<String> {
    let mut reader = BufReader::new(stdout.context("the server has no stdout")?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    std::thread::spawn(move || {
        let mut rest = [0; 1024];
        while reader.read(&mut rest).is_ok_and(|read| read > 0) {}
    });
    Ok(line)
}
