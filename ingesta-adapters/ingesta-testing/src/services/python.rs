//! Python with the packages that a list pins, in a virtual environment that is made once.
//!
//! Promises: the interpreter has been asked for its version and for `venv`; packages come as wheels,
//! so nothing is compiled; nothing of the caller's own Python gets in.
//! Does not: install Python, or need any network once the environment is there.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};

use super::kept::{self, Kept, LIMIT};
use super::program::{all_in_path, run};
use super::skip::or_skip;

/// What the pinned packages need, and what Debian 12 has.
const OLDEST: (u32, u32) = (3, 11);
const ASKED: Duration = Duration::from_secs(30);
/// Tells what it is, if it can make environments.
const WHO: &str = "import ensurepip, sys, venv; print(*sys.version_info[:3], sys.executable)";
const HELP: &str =
    "install Python 3.11 or newer with venv (Debian: `apt-get install python3-venv`)";

/// A Python with packages of its own.
#[derive(Debug, Clone)]
pub struct Python {
    program: PathBuf,
}

impl Python {
    /// Python with the packages of a `requirements.txt`, whose text this is: versions are pinned in
    /// it, or the first run decides for all later ones.
    ///
    /// # Errors
    /// When there is no Python that is new enough, or the packages cannot be had; the text says what
    /// to install.
    ///
    /// ```no_run
    /// # async fn test() -> anyhow::Result<()> {
    /// use ingesta_testing::services::Python;
    ///
    /// let python = Python::with("fastavro==1.13.1").await?;
    /// let ended = python.command().args(["-c", "import fastavro"]).status()?;
    /// assert!(ended.success());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn with(requirements: &str) -> anyhow::Result<Self> {
        let found = async {
            let base = find(all_in_path("python3")).await?;
            environment(&kept::cache("python")?, &base, requirements).await
        };
        let program = found.await.context("this test needs a Python")?;
        Ok(Self { program })
    }

    /// As [`Python::with`], but `None` when it cannot be had and `INGESTA_TEST_ALLOW_SKIP=1` says
    /// that such tests may be skipped.
    ///
    /// # Errors
    /// As [`Python::with`] without that variable, and always in CI (`CI=true`).
    pub async fn with_or_skip(requirements: &str) -> anyhow::Result<Option<Self>> {
        or_skip(Self::with(requirements).await)
    }

    /// The interpreter, not started yet.
    #[must_use]
    pub fn command(&self) -> Command {
        clean(&self.program)
    }
}

/// An interpreter that can make environments, and its version.
#[derive(Debug)]
struct Base {
    program: PathBuf,
    version: String,
}

async fn find(candidates: Vec<PathBuf>) -> anyhow::Result<Base> {
    let mut tried = Vec::new();
    for python in &candidates {
        let mut command = clean(python);
        command.args(["-c", WHO]);
        let found = run(command, ASKED).await.and_then(|said| asked(&said));
        match found {
            Ok(base) => return Ok(base),
            Err(error) => tried.push(format!("{}: {error:#}", python.display())),
        }
    }
    if tried.is_empty() {
        bail!("there is no `python3`; {HELP}");
    }
    Err(anyhow!("{}; {HELP}", tried.join("; ")))
}

/// `3 11 2 /usr/bin/python3`
fn asked(said: &str) -> anyhow::Result<Base> {
    let strange = || format!("it says {said:?} of itself");
    let mut words = said.trim().splitn(4, ' ');
    let mut number = || words.next()?.parse::<u32>().ok();
    let (Some(major), Some(minor), Some(patch)) = (number(), number(), number()) else {
        bail!(strange());
    };
    ensure!(
        (major, minor) >= OLDEST,
        "version {major}.{minor} is too old"
    );
    Ok(Base {
        program: words.next().map(PathBuf::from).with_context(strange)?,
        version: format!("{major}.{minor}.{patch}"),
    })
}

/// The interpreter of the environment with these packages.
async fn environment(cache: &Path, base: &Base, requirements: &str) -> anyhow::Result<PathBuf> {
    let list = format!(
        "{}\n{}\n{requirements}",
        base.program.display(),
        base.version
    );
    let kept = Kept::new(cache, "venv", &list, is_whole);
    if kept.found().is_none()
        && let Some(begun) = kept.begin().await?
    {
        fill(begun.folder(), base, requirements).await?;
        begun.end()?;
    }
    let found = kept.found().context("the environment is gone again")?;
    Ok(found.join(PROGRAM))
}

const PROGRAM: &str = "bin/python";
const LIST: &str = "requirements.txt";

async fn fill(folder: &Path, base: &Base, requirements: &str) -> anyhow::Result<()> {
    let mut venv = clean(&base.program);
    venv.args(["-m", "venv"]).arg(folder);
    let made = run(venv, LIMIT).await;
    made.with_context(|| format!("make an environment; {HELP}"))?;
    // The environment moves when it is whole: its interpreter finds its packages from where it is,
    // its other programs would not.
    let list = folder.join(LIST);
    std::fs::write(&list, requirements).with_context(|| format!("write {}", list.display()))?;
    let mut pip = clean(&folder.join(PROGRAM));
    pip.args(["-m", "pip", "install", "--quiet", "--no-input"])
        .args(["--disable-pip-version-check", "--no-warn-script-location"])
        .args(["--only-binary=:all:", "--requirement"])
        .arg(&list);
    let brought = run(pip, LIMIT).await;
    brought.context("fetch the packages").map(|_| ())
}

/// The folder is renamed when all packages are there; somebody may have upgraded Python since.
fn is_whole(folder: &Path) -> bool {
    folder.join(PROGRAM).is_file() && folder.join(LIST).is_file()
}

/// Nothing but what the environment holds.
fn clean(program: &Path) -> Command {
    let mut command = Command::new(program);
    for name in ["PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV"] {
        command.env_remove(name);
    }
    command
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::services::folder::remove_tree;

    #[tokio::test]
    async fn what_is_missing_is_said_with_what_to_install() {
        let nothing = find(Vec::new()).await.expect_err("there is none");
        let no_python = find(vec!["/bin/false".into(), "/bin/echo".into()]).await;
        let no_python = format!("{:#}", no_python.expect_err("these are none"));
        for text in [format!("{nothing:#}"), no_python.clone()] {
            assert!(text.contains("apt-get install python3-venv"), "{text}");
        }
        assert!(no_python.contains("/bin/echo: it says"), "{no_python}");
        let old = asked("3 9 2 /usr/bin/python3\n").expect_err("it is old");
        assert!(old.to_string().contains("3.9 is too old"), "{old}");
        let new = asked("3 11 2 /a folder/python3\n").expect("it is new enough");
        assert_eq!(new.program, Path::new("/a folder/python3"));
    }

    #[tokio::test]
    async fn an_environment_without_its_packages_is_never_used_and_does_not_stay() {
        let Some(base) = or_skip(find(all_in_path("python3")).await).expect("a Python") else {
            return;
        };
        let cache = std::env::temp_dir().join(format!("ingesta-venv-{}", Uuid::new_v4().simple()));
        // Nothing is asked of anybody: this is no list.
        let refused = environment(&cache, &base, "== nothing").await;
        let refused = format!("{:#}", refused.expect_err("it brings nothing"));
        assert!(refused.contains("fetch the packages"), "{refused}");
        let left = std::fs::read_dir(&cache).expect("list").count();
        assert_eq!(left, 1, "the lock");
        let python = environment(&cache, &base, "").await.expect("it is whole");
        let prefix = run(
            {
                let mut command = clean(&python);
                command.args(["-c", "import sys; print(sys.prefix)"]);
                command
            },
            ASKED,
        );
        let prefix = prefix.await.expect("it runs where it was moved to");
        assert!(python.starts_with(prefix.trim()), "{prefix}");
        remove_tree(&cache).expect("remove it");
    }
}
