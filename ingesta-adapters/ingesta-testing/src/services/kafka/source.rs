//! Where a broker is had from: `KAFKA_HOME`, else docker, else jars that Maven resolves.
//!
//! Promises: that order; no way round a `KAFKA_HOME` that is wrong; where nothing can be had, an
//! error that says what was tried and what to install or to set.
//! Does not: start anything.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, anyhow, ensure};

use super::home::Home;
use super::{docker, maven};
use crate::services::{given, java};

const HELP: &str = "install Java 17 or newer and Maven (Debian: `apt-get install \
    openjdk-17-jre-headless maven`), or set KAFKA_HOME to an unpacked Apache Kafka 4, \
    or KAFKA_BROKERS to a broker that runs";

/// What runs Kafka's programs.
#[derive(Debug)]
pub(crate) enum Source {
    /// These jars, with this machine's Java.
    Jars { java: PathBuf, libraries: PathBuf },
    /// An image, with this machine's docker.
    Image { docker: PathBuf },
}

impl Source {
    pub(crate) async fn find() -> anyhow::Result<Self> {
        if let Some(home) = given("KAFKA_HOME") {
            let libraries = libraries_of(Path::new(&home))?;
            let java = java::find().await.context("KAFKA_HOME needs a Java")?;
            return Ok(Self::Jars { java, libraries });
        }
        let no_docker = match docker::find().await {
            Ok(docker) => return Ok(Self::Image { docker }),
            Err(error) => error,
        };
        let jars = async {
            let java = java::find().await?;
            let libraries = maven::libraries().await?;
            anyhow::Ok(Self::Jars { java, libraries })
        };
        jars.await.map_err(|no_jars| {
            anyhow!("no Apache Kafka can be had (docker: {no_docker:#}; jars: {no_jars:#}); {HELP}")
        })
    }

    /// The command that runs one of Kafka's classes for this home, but for its last arguments.
    pub(crate) fn program(&self, home: &Home, settings: &[String], class: &str) -> Command {
        match self {
            Self::Jars { java, libraries } => {
                let mut command = Command::new(java);
                command.args(settings).arg("-cp").arg(libraries.join("*"));
                command.arg(class).current_dir("/");
                command
            }
            Self::Image { docker } => {
                let mut command = docker::command(docker, home);
                command.args(settings).arg("-cp").arg(docker::LIBRARIES);
                command.arg(class);
                command
            }
        }
    }
}

/// The jars of an unpacked release.
fn libraries_of(home: &Path) -> anyhow::Result<PathBuf> {
    let libraries = home.join("libs");
    let jars = std::fs::read_dir(&libraries)
        .with_context(|| format!("KAFKA_HOME: list {}", libraries.display()))?;
    let names = jars.filter_map(|jar| jar.ok()?.file_name().into_string().ok());
    let found = names.filter_map(|name| major(&name)).max();
    let found = found.with_context(|| {
        let libraries = libraries.display();
        format!("KAFKA_HOME: {libraries} has no jar of a broker (kafka_2.13-4.1.0.jar)")
    })?;
    ensure!(
        found >= 4,
        "KAFKA_HOME names Kafka {found}; 4 or newer is needed"
    );
    Ok(libraries)
}

/// `kafka_2.13-4.1.0.jar` is of major version 4.
fn major(jar: &str) -> Option<u32> {
    let (scala, version) = jar.strip_prefix("kafka_")?.split_once('-')?;
    let is_scala = scala
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let digits = version.split('.').next()?;
    digits.parse().ok().filter(|_| is_scala)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_the_name_of_the_brokers_jar_alone() {
        assert_eq!(major("kafka_2.13-4.1.0.jar"), Some(4));
        assert_eq!(major("kafka_2.12-3.9.1.jar"), Some(3));
        assert_eq!(major("kafka-clients-4.1.0.jar"), None);
        assert_eq!(major("kafka_2.13-rc.jar"), None);
    }

    #[test]
    fn a_folder_that_is_no_release_is_refused_by_name() {
        let error = libraries_of(Path::new("/nowhere")).expect_err("nothing is there");
        let text = format!("{error:#}");
        assert!(
            text.contains("KAFKA_HOME") && text.contains("/nowhere/libs"),
            "{text}"
        );
    }
}
