//! The folder of a broker: the files it is started with, and what they say of it later.
//!
//! Promises: 127.0.0.1 only.
//! Does not: run anything.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::doors::{Door, Doors};
use crate::services::ports::free_port;

const SETTINGS: &str = include_str!("server.properties");
const LOGGING: &str = include_str!("log4j2.properties");

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
    pub(crate) fn create(&self, doors: Option<&Doors>) -> anyhow::Result<()> {
        let root = self.0.display();
        std::fs::create_dir_all(&self.0).with_context(|| format!("create {root}"))?;
        let broker = free_port(&[])?;
        let controller = free_port(&[broker])?;
        let mut listeners =
            format!("BROKER://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}");
        let mut more = String::new();
        if let Some(doors) = doors {
            let mut taken = vec![broker, controller];
            for door in doors.all() {
                let port = free_port(&taken)?;
                listeners.push_str(&format!(",{}://127.0.0.1:{port}", door.name()));
                taken.push(port);
            }
            doors.write(&self.0)?;
            more = doors.settings(&self.0);
        }
        let storage = self.storage();
        let settings = format!(
            "{SETTINGS}\n\
             listeners={listeners}\n\
             advertised.listeners={listeners}\n\
             controller.quorum.bootstrap.servers=127.0.0.1:{controller}\n\
             log.dirs={}\n\
             {more}\n",
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

    /// Where the broker listens for everybody.
    pub(crate) fn address(&self) -> anyhow::Result<SocketAddr> {
        self.listener("BROKER")
    }

    /// Where another door is.
    pub(crate) fn door(&self, door: Door) -> anyhow::Result<SocketAddr> {
        self.listener(door.name())
    }

    fn listener(&self, name: &str) -> anyhow::Result<SocketAddr> {
        let config = self.config();
        let listeners = property(&config, "advertised.listeners=")?;
        let start = format!("{name}://");
        let mut listeners = listeners.split(',');
        let found = listeners.find_map(|listener| listener.strip_prefix(&start));
        let address = found.with_context(|| format!("the broker has no door {name}"))?;
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
