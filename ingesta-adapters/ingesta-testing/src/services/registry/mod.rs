//! A throw-away schema registry: Apicurio's, which answers as Confluent's does, with its schemas in
//! memory.
//!
//! Promises: 127.0.0.1 only; gone when it is dropped, and when this process is killed. It judges
//! compatibility itself, as no stand-in of ours would.
//! Does not: keep or share anything.

mod jars;

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use uuid::Uuid;

use super::folder::{Folder, remove_tree};
use super::lock::{self, Kind};
use super::ports::free_port;
use super::program::last_words;
use super::skip::or_skip;
use super::watchdog::{self, Orders};
use super::{given, java};

/// Where it speaks as Confluent's registry does.
const PATH: &str = "/apis/ccompat/v7";
/// For a machine that does much else.
const LIMIT: Duration = Duration::from_secs(120);
const ASKED: Duration = Duration::from_secs(5);
const VARIABLE: &str = "SCHEMA_REGISTRY_URL";
const HELP: &str = "install Java 17 or newer and Maven (Debian: `apt-get install \
    openjdk-17-jre-headless maven`), or set SCHEMA_REGISTRY_URL to a registry that runs";

/// A schema registry for a test: the one that `SCHEMA_REGISTRY_URL` names, else one of its own.
///
/// ```no_run
/// # async fn test() -> anyhow::Result<()> {
/// let registry = ingesta_testing::services::Registry::start().await?;
/// assert!(registry.url().starts_with("http"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Registry {
    url: String,
    _own: Option<Own>,
}

impl Registry {
    /// Starts one unless one is given. Others may use a given one: register under names that are
    /// unique.
    ///
    /// # Errors
    /// When none can be had (the text says what to install or to set) or it does not start.
    pub async fn start() -> anyhow::Result<Self> {
        if let Some(url) = given(VARIABLE) {
            return Ok(Self { url, _own: None });
        }
        let started = Own::start().await.context("this test needs a registry")?;
        Ok(Self {
            url: format!("http://{}{PATH}", started.address),
            _own: Some(started),
        })
    }

    /// As [`Registry::start`], but `None` when none can be had and `INGESTA_TEST_ALLOW_SKIP=1` says
    /// that such tests may be skipped.
    ///
    /// # Errors
    /// As [`Registry::start`] without that variable, and always in CI (`CI=true`).
    pub async fn start_or_skip() -> anyhow::Result<Option<Self>> {
        or_skip(Self::start().await)
    }

    /// Its address, with the path at which it speaks Confluent's interface.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// A process and its folder.
#[derive(Debug)]
struct Own {
    address: SocketAddr,
    child: Child,
    folder: Folder,
    _in_use: File,
}

impl Own {
    async fn start() -> anyhow::Result<Self> {
        let found = async { anyhow::Ok((java::find().await?, jars::runner().await?)) };
        let (java, runner) = found.await.context(HELP)?;
        let name = format!("registry-{}", Uuid::new_v4().simple());
        let folder = Folder::of_this_workspace(&name);
        folder.create()?;
        let in_use = lock::take(&folder.users(), Kind::InCommon, ASKED).await?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port(&[])?));
        let child = spawn(&java, &runner, address, folder.root())?;
        let mut this = Self {
            address,
            child,
            folder,
            _in_use: in_use,
        };
        this.watch().await?;
        this.ready().await?;
        Ok(this)
    }

    /// Should this process be killed, neither the registry nor its folder stays.
    async fn watch(&self) -> anyhow::Result<()> {
        let orders = Orders {
            pid: self.child.id(),
            data: self.folder.root(),
            grace: Duration::ZERO,
            signals: "KILL:10",
        };
        watchdog::spawn(&self.folder, &orders).await
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
        let (address, deadline) = (self.address, Instant::now() + LIMIT);
        loop {
            let ended = !matches!(self.child.try_wait(), Ok(None));
            let asking = tokio::task::spawn_blocking(move || answers(address));
            if asking.await.context("ask the registry")?.unwrap_or(false) {
                return Ok(());
            }
            if ended || Instant::now() >= deadline {
                let log = std::fs::read_to_string(log(self.folder.root())).unwrap_or_default();
                let how = if ended {
                    "ended at its start"
                } else {
                    "was not ready in time"
                };
                bail!("the registry {how}: {}", last_words(&log));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // What stays is removed by the watchdog.
        let _ = remove_tree(self.folder.root());
    }
}

fn log(folder: &Path) -> std::path::PathBuf {
    folder.join("registry.log")
}

fn spawn(java: &Path, runner: &Path, at: SocketAddr, folder: &Path) -> anyhow::Result<Child> {
    let path = log(folder);
    let output = File::create(&path).with_context(|| format!("write {}", path.display()))?;
    let errors = output.try_clone().context("share the registry's log")?;
    Command::new(java)
        .args(["-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"])
        .args(["-XX:-UsePerfData", "-Xshare:auto"])
        .arg(format!("-Djava.io.tmpdir={}", folder.display()))
        .arg(format!("-Dquarkus.http.host={}", at.ip()))
        .arg(format!("-Dquarkus.http.port={}", at.port()))
        .arg("-jar")
        .arg(runner)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        // Ctrl-C in the terminal ends the tests; the registry is stopped by those whose it is.
        .process_group(0)
        .spawn()
        .context("start a registry")
}

/// Whether it lists its subjects, of which it has none.
fn answers(address: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&address, ASKED)?;
    stream.set_read_timeout(Some(ASKED))?;
    write!(
        stream,
        "GET {PATH}/subjects HTTP/1.0\r\nHost: {address}\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    // What comes after the status line is of no interest, nor how it ends.
    let _ = stream.take(4_096).read_to_end(&mut answer);
    let status = answer.split(|byte| *byte == b' ').nth(1);
    Ok(status == Some(b"200"))
}
