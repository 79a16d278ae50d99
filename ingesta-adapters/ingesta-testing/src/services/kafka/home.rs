//! The folder of a broker: the files it is started with, and what they say of it later.
//!
//! Promises: 127.0.0.1 only; ports outside the range that outgoing connections are given, so that
//! they are still free when a broker that was away comes back.
//! Does not: run anything.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use uuid::Uuid;

const SETTINGS: &str = include_str!("server.properties");
const LOGGING: &str = include_str!("log4j2.properties");

/// Where brokers may listen: below what Linux and macOS give to outgoing connections.
const PORTS: std::ops::Range<u16> = 20_000..30_000;

/// A folder and the names in it.
#[derive(Debug, Clone)]
pub(crate) struct Home(PathBuf);

impl Home {
    pub(crate) fn at(root: PathBuf) -> Self {
        Self(root)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.0
    }

    /// The settings; a process is known as this broker's by naming this file.
    pub(crate) fn config(&self) -> PathBuf {
        self.0.join("server.properties")
    }

    /// What the broker stores.
    pub(crate) fn storage(&self) -> PathBuf {
        self.0.join("storage")
    }

    /// What the broker logs.
    pub(crate) fn log(&self) -> PathBuf {
        self.0.join("server.log")
    }

    /// What Java itself prints, which is where a start fails before there is a log.
    pub(crate) fn console(&self) -> PathBuf {
        self.0.join("console.log")
    }

    fn logging(&self) -> PathBuf {
        self.0.join("log4j2.properties")
    }

    /// Java's options that are the same for every program of this home.
    pub(crate) fn options(&self) -> Vec<String> {
        vec![
            format!("-Dlog4j2.configurationFile={}", self.logging().display()),
            format!("-Dingesta.log={}", self.log().display()),
            format!("-XX:ErrorFile={}", self.0.join("crash.log").display()),
        ]
    }

    /// Makes the folder, with ports that are free now.
    pub(crate) fn create(&self) -> anyhow::Result<()> {
        let root = self.0.display();
        std::fs::create_dir_all(&self.0).with_context(|| format!("create {root}"))?;
        let broker = free_port(None)?;
        let controller = free_port(Some(broker))?;
        let listeners = format!("BROKER://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}");
        let storage = self.storage();
        let settings = format!(
            "{SETTINGS}\n\
             listeners={listeners}\n\
             advertised.listeners={listeners}\n\
             controller.quorum.bootstrap.servers=127.0.0.1:{controller}\n\
             log.dirs={}\n",
            storage.display()
        );
        for (path, text) in [
            (self.config(), settings.as_str()),
            (self.logging(), LOGGING),
        ] {
            std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
        }
        Ok(())
    }

    /// Where the broker listens.
    pub(crate) fn address(&self) -> anyhow::Result<SocketAddr> {
        let config = self.config();
        let listener = property(&config, "advertised.listeners=BROKER://")?;
        let address = listener.split(',').next().unwrap_or_default();
        address
            .parse()
            .with_context(|| format!("{} has no address", config.display()))
    }

    /// The cluster that the stored data belongs to.
    pub(crate) fn cluster(&self) -> anyhow::Result<String> {
        property(&self.storage().join("meta.properties"), "cluster.id=")
    }
}

/// What follows `start` in the line that begins with it.
fn property(path: &Path, start: &str) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let value = text.lines().find_map(|line| line.strip_prefix(start));
    let value = value.with_context(|| format!("{} has no `{start}`", path.display()))?;
    Ok(value.trim().to_owned())
}

fn free_port(but: Option<u16>) -> anyhow::Result<u16> {
    for _ in 0..1_000 {
        let bytes = Uuid::new_v4().into_bytes();
        let chance = u16::from_be_bytes([bytes[0], bytes[1]]);
        let port = PORTS.start + chance % (PORTS.end - PORTS.start);
        if Some(port) != but && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!(
        "no port of 127.0.0.1 between {} and {} is free",
        PORTS.start,
        PORTS.end
    )
}
