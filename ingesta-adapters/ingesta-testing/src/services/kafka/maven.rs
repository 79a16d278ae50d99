//! The jars of a broker, resolved by Maven once and kept between runs outside the tree.
//!
//! Promises: one pinned version, its checksums compared; a half-made folder is never used; of several
//! processes one downloads and the others wait.
//! Does not: need Maven, or any network, once they are there.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use uuid::Uuid;

use super::program::{in_path, run};
use crate::services::folder::remove_tree;
use crate::services::given;
use crate::services::lock::{self, Kind};

const POM: &str = include_str!("pom.xml");
const LIMIT: Duration = Duration::from_secs(600);
const UNFINISHED: &str = "unfinished-";

/// The folder of the jars.
pub(crate) async fn libraries() -> anyhow::Result<PathBuf> {
    libraries_in(&cache()?, in_path("mvn")).await
}

async fn libraries_in(cache: &Path, mvn: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    // Another list of jars is another folder.
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, POM.as_bytes()).simple();
    let finished = cache.join(format!("jars-{}", &id.to_string()[..12]));
    if is_whole(&finished) {
        return Ok(finished.join("libs"));
    }
    let mvn = mvn.context("there is no `mvn`")?;
    std::fs::create_dir_all(cache).with_context(|| format!("create {}", cache.display()))?;
    let _alone = lock::take(&cache.join("lock"), Kind::Alone, LIMIT).await?;
    if !is_whole(&finished) {
        remove_what_was_begun(cache)?;
        remove_tree(&finished)?;
        let unfinished = cache.join(format!("{UNFINISHED}{}", Uuid::new_v4().simple()));
        let downloaded = download(&mvn, &unfinished).await;
        if let Err(error) = downloaded {
            remove_tree(&unfinished)?;
            return Err(error);
        }
        std::fs::rename(&unfinished, &finished)
            .with_context(|| format!("create {}", finished.display()))?;
    }
    Ok(finished.join("libs"))
}

async fn download(mvn: &Path, into: &Path) -> anyhow::Result<()> {
    std::fs::create_dir(into).with_context(|| format!("create {}", into.display()))?;
    let pom = into.join("pom.xml");
    std::fs::write(&pom, POM).with_context(|| format!("write {}", pom.display()))?;
    let mut command = Command::new(mvn);
    command
        .args(["--batch-mode", "--quiet", "--strict-checksums"])
        .args(["-Dstyle.color=never", "--file"])
        .arg(&pom)
        .arg("dependency:copy-dependencies")
        .arg("-DincludeScope=runtime")
        .arg("-DoutputDirectory=libs")
        .current_dir(into);
    run(command, LIMIT).await?;
    ensure!(is_whole(into), "`mvn` brought no jars of a broker");
    Ok(())
}

fn is_whole(folder: &Path) -> bool {
    let Ok(jars) = std::fs::read_dir(folder.join("libs")) else {
        return false;
    };
    let names: Vec<_> = jars.filter_map(|jar| Some(jar.ok()?.file_name())).collect();
    let has = |start: &[u8]| {
        let starts = |name: &std::ffi::OsString| name.as_encoded_bytes().starts_with(start);
        names.iter().any(starts)
    };
    has(b"kafka_2.13-") && has(b"log4j-slf4j-impl-")
}

/// The caller holds the lock, so whoever began it is dead.
fn remove_what_was_begun(cache: &Path) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(cache).with_context(|| format!("list {}", cache.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("list {}", cache.display()))?;
        if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(UNFINISHED.as_bytes())
        {
            remove_tree(&entry.path())?;
        }
    }
    Ok(())
}

/// Beside the binaries of PostgreSQL that npm brought.
fn cache() -> anyhow::Result<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Ok("/var/cache/ingesta/kafka".into());
    }
    let folder = |name| given(name).map(PathBuf::from).filter(|it| it.is_absolute());
    let cache = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
    let cache = cache.context("neither XDG_CACHE_HOME nor HOME says where to keep jars")?;
    Ok(cache.join("ingesta/kafka"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).expect("list");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        names
            .map(|name| name.to_string_lossy().into_owned())
            .collect()
    }

    #[tokio::test]
    async fn what_was_begun_or_failed_is_never_used_and_does_not_stay() -> anyhow::Result<()> {
        let cache = std::env::temp_dir().join(format!("ingesta-jars-{}", Uuid::new_v4().simple()));
        let begun = cache.join("unfinished-of-a-crash/libs");
        std::fs::create_dir_all(&begun)?;
        std::fs::write(begun.join("kafka_2.13-4.1.0.jar"), "")?;

        assert!(libraries_in(&cache, None).await.is_err(), "it is not whole");
        for (mvn, complaint) in [("false", "failed"), ("true", "no jars")] {
            let refused = libraries_in(&cache, in_path(mvn)).await;
            let refused = format!("{:#}", refused.expect_err("it brings nothing"));
            assert!(refused.contains(complaint), "{refused}");
            assert_eq!(names(&cache), ["lock"]);
        }
        remove_tree(&cache)
    }
}
