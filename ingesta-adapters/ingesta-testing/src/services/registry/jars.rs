//! The registry's jars, fetched by Maven once and kept between runs outside the tree.
//!
//! Promises: one pinned version, its checksums compared.
//! Does not: need Maven, or any network, once they are there.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::services::kept::{self, Kept, LIMIT};
use crate::services::program::{in_path, run};

const POM: &str = include_str!("pom.xml");
const RUNNER: &str = "-runner.jar";

/// The jar that is run.
pub(crate) async fn runner() -> anyhow::Result<PathBuf> {
    let cache = kept::cache("registry")?;
    let kept = Kept::new(&cache, "jars", POM, |folder| runner_in(folder).is_some());
    if kept.found().is_none() {
        let mvn = in_path("mvn").context("there is no `mvn`")?;
        if let Some(begun) = kept.begin().await? {
            download(&mvn, begun.folder()).await?;
            begun.end()?;
        }
    }
    let runner = kept.found().and_then(|folder| runner_in(&folder));
    runner.context("the jars are gone again")
}

async fn download(mvn: &Path, into: &Path) -> anyhow::Result<()> {
    let pom = into.join("pom.xml");
    std::fs::write(&pom, POM).with_context(|| format!("write {}", pom.display()))?;
    let mut command = Command::new(mvn);
    command
        .args(["--batch-mode", "--quiet", "--strict-checksums"])
        .args(["-Dstyle.color=never", "--file"])
        .arg(&pom)
        .arg("dependency:unpack-dependencies")
        .arg("-DoutputDirectory=.")
        .current_dir(into);
    run(command, LIMIT).await?;
    ensure!(runner_in(into).is_some(), "`mvn` brought no registry");
    Ok(())
}

/// The jar names the others by where they lie beside it.
fn runner_in(folder: &Path) -> Option<PathBuf> {
    let jars = std::fs::read_dir(folder).ok()?;
    let mut jars = jars.filter_map(|jar| Some(jar.ok()?.path()));
    let is_runner = |jar: &PathBuf| jar.to_string_lossy().ends_with(RUNNER);
    jars.find(is_runner).filter(|_| folder.join("lib").is_dir())
}
