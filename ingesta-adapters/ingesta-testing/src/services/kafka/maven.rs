//! The jars of a broker, resolved by Maven once and kept between runs outside the tree.
//!
//! Promises: one pinned version, its checksums compared.
//! Does not: need Maven, or any network, once they are there.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::services::kept::{self, Kept, LIMIT};
use crate::services::program::{in_path, run};

const POM: &str = include_str!("pom.xml");

/// The folder of the jars.
pub(crate) async fn libraries() -> anyhow::Result<PathBuf> {
    libraries_in(&kept::cache("kafka")?, in_path("mvn")).await
}

async fn libraries_in(cache: &Path, mvn: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let kept = Kept::new(cache, "jars", POM, is_whole);
    if let Some(found) = kept.found() {
        return Ok(found.join("libs"));
    }
    let mvn = mvn.context("there is no `mvn`")?;
    if let Some(begun) = kept.begin().await? {
        download(&mvn, begun.folder()).await?;
        begun.end()?;
    }
    let found = kept.found().context("the jars are gone again")?;
    Ok(found.join("libs"))
}

async fn download(mvn: &Path, into: &Path) -> anyhow::Result<()> {
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::services::folder::remove_tree;

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
